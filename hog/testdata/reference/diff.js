// Runs batches of generated programs on the reference machine as newer.js changes it. One batch per line on stdin, as JSON:
//   {"globals": {...}, "programs": [[token, ...], ...]}
// One line on stdout: [{"prints", "result", "json", "error", "class", "notes": ["<reason>", ...], "stop": "<reason>"}, ...].
// Tokens that JSON has no number for are {"number": "Infinity"}. Usage: node diff.js <path of a node_modules folder>
'use strict'

const readline = require('readline')
const { run, settings } = require('./machine.js')
const { load } = require('./newer.js')

const { vm, take, pattern } = load(process.argv[2])
settings.onPattern = pattern

function token(t) {
    return t !== null && typeof t === 'object' ? Number(t.number) : t
}

function answer(bytecode, globals) {
    take()
    const ran = run(vm, { bytecode: bytecode.map(token), globals, timeout: 10000 })
    return { ...ran, ...take() }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const { globals, programs } = JSON.parse(line)
    process.stdout.write(JSON.stringify(programs.map((p) => answer(p, globals))) + '\n')
})
