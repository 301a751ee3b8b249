// Package rig runs the servers that a measurement needs as processes of their
// own, each with a temporary folder: `passgate serve` with its managed Redis, or
// any other verb of this program that serves. It tells where they listen and who
// they are, and what they have used by the operating system's account.
//
// A child gets SIGTERM when the process that started it dies (on Linux), so that
// nothing is left running; its folder is left then.
package rig
