// Runs portable bytecode on the reference machine, @posthog/hogvm. One request per line on stdin, as JSON:
//   {"bytecode": [...], "globals": {...}}
// One answer per line on stdout: {"prints": [...], "result": "<value form>", "json": "<as JSON>", "error": "<message>"}.
// Usage: node run.js <path of a node_modules folder>
'use strict'

const path = require('path')
const readline = require('readline')
const { run } = require('./machine.js')
const vm = require(path.join(process.argv[2], '@posthog', 'hogvm'))

readline.createInterface({ input: process.stdin }).on('line', (line) => {
    process.stdout.write(JSON.stringify(run(vm, JSON.parse(line))) + '\n')
})
