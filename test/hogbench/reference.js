// Runs bytecode on PostHog's machine. Usage: node reference.js <path of a node_modules folder>
// The first line on stdout is the versions. Each line on stdin is {"bytecode": [...], "millis": 200}; the answer is
// {"result": "<as text>", "nanos": <of the fastest run>} or {"error": "..."}. The machine runs for so many milliseconds, at least once.
'use strict'

const path = require('path')
const readline = require('readline')
const folder = path.resolve(process.argv[2], '@posthog', 'hogvm')
const vm = require(folder)

console.log(process.version + ', @posthog/hogvm ' + require(path.join(folder, 'package.json')).version)

const options = { timeout: 60000, external: { crypto: require('crypto') } }

function once(bytecode) {
    const start = process.hrtime.bigint()
    const outcome = vm.exec(bytecode, options)
    const nanos = Number(process.hrtime.bigint() - start)
    if (outcome.error) { throw outcome.error }
    return { result: String(outcome.result), nanos }
}

function run({ bytecode, millis }) {
    let best = once(bytecode)
    for (const end = Date.now() + millis; Date.now() < end; ) {
        const next = once(bytecode)
        if (next.nanos < best.nanos) { best = next }
    }
    return best
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
    let answer
    try {
        answer = run(JSON.parse(line))
    } catch (e) {
        answer = { error: String(e) }
    }
    process.stdout.write(JSON.stringify(answer) + '\n')
})
