// Package web holds the pages as files in the program. `npm run build` in this
// folder makes them (deploy/run and deploy/test do); without that the program
// builds all the same and says on the pages how to make them.
package web

import (
	"embed"
	"io/fs"
)

// dist is Vite's result. public/.keep keeps the folder there, which an embedding
// asks for.
//
//go:embed all:dist
var dist embed.FS

// Files are the built pages: gate.html, pass.html, what they load under assets/
// with a hash in the name, and beside most files the same compressed, as
// NAME.br and NAME.gz. Nothing but .keep if the pages were not built.
func Files() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}
