// Runs bytecode on PostHog's machine for every line of standard input. Usage: node reference.js <node_modules folder> <bytecode file>
// A line is parsed, given to the program as the global `event`, and what the program returns is written as a line, or nothing for null.
'use strict'

const fs = require('fs')
const path = require('path')
const vm = require(path.resolve(process.argv[2], '@posthog', 'hogvm'))

const bytecode = JSON.parse(fs.readFileSync(process.argv[3], 'utf8'))
const options = { timeout: 60000, external: { crypto: require('crypto') } }
const chunk = Buffer.alloc(1 << 20)
let rest = ''
let out = []

function one(line) {
    const outcome = vm.exec(bytecode, { ...options, globals: { event: JSON.parse(line) } })
    if (outcome.error) {
        throw outcome.error
    }
    if (outcome.result !== null) {
        out.push(JSON.stringify(vm.convertHogToJS(outcome.result)))
    }
}

// Events are plain ASCII, so that a chunk can be decoded by itself.
for (let n; (n = fs.readSync(0, chunk, 0, chunk.length, null)) > 0; ) {
    const lines = (rest + chunk.latin1Slice(0, n)).split('\n')
    rest = lines.pop()
    lines.forEach(one)
    if (out.length > 0) {
        fs.writeSync(1, out.join('\n') + '\n')
        out = []
    }
}
