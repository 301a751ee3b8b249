// Verifies passes, or revocation lists, with npm jose alone.
//
//   node verify.mjs JWKS [--list] [--at UNIX_SECONDS] < tokens
//
// JWKS is a file or an http(s) URL. Tokens are JWTs, one a line. For each it
// prints a line: ok<TAB>jti (or the list's counter), or err<TAB>code. The exit
// code is 0 if all are ok, 1 if any is not, 2 for wrong arguments.
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { createLocalJWKSet, createRemoteJWKSet, jwtVerify } from 'jose'

const listType = 'passgate-revocations+jwt'

async function keysOf(source) {
  if (/^https?:/.test(source)) return createRemoteJWKSet(new URL(source))
  return createLocalJWKSet(JSON.parse(await readFile(source, 'utf8')))
}

async function verify(token, keys, { list, at }) {
  const { payload } = await jwtVerify(token, keys, {
    algorithms: ['EdDSA'],
    clockTolerance: 60,
    currentDate: at === undefined ? new Date() : new Date(Number(at) * 1000),
    // By these a list is no pass, though the same key set verifies it.
    requiredClaims: list ? ['exp', 'iat', 'counter', 'jtis'] : ['sub', 'jti', 'nbf', 'exp', 'k', 'z'],
    typ: list ? listType : undefined,
  })
  return list ? payload.counter : payload.jti
}

let args
try {
  args = parseArgs({ allowPositionals: true, options: { list: { type: 'boolean' }, at: { type: 'string' } } })
} catch (error) {
  console.error(error.message)
  process.exit(2)
}
if (args.positionals.length !== 1) {
  console.error('usage: node verify.mjs JWKS [--list] [--at UNIX_SECONDS] < tokens')
  process.exit(2)
}
const keys = await keysOf(args.positionals[0])
let refused = 0
for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(`ok\t${await verify(line, keys, args.values)}`)
  } catch (error) {
    refused++
    console.log(`err\t${error.code ?? error.name}`)
  }
}
process.exitCode = refused > 0 ? 1 : 0
