// Runs portable bytecode on the reference machine, @posthog/hogvm. One request per line on stdin, as JSON:
//   {"bytecode": [...], "globals": {...}}
// One answer per line on stdout: {"prints": [...], "result": "<value form>", "json": "<as JSON>", "error": "<message>"}.
// Usage: node run.js <path of a node_modules folder>
'use strict'

const path = require('path')
const readline = require('readline')
const vm = require(path.join(process.argv[2], '@posthog', 'hogvm'))

let prints = []
// The built-in print writes through console.log.
console.log = (...args) => { prints.push(args.join(' ')) }

// RE2 spells flags inside of the pattern, which this host's regular expressions do not know.
function regExp(pattern) {
    const flags = /^\(\?([ims]+)\)/.exec(pattern)
    return flags ? new RegExp(pattern.slice(flags[0].length), flags[1]) : new RegExp(pattern)
}

const external = {
    crypto: require('crypto'),
    regex: {
        match: (pattern, value) => regExp(pattern).test(value),
        extract: (pattern, value) => {
            const m = regExp(pattern).exec(value)
            return !m ? '' : m.length > 1 ? (m[1] ?? '') : m[0]
        },
    },
}

function run(request) {
    prints = []
    const answer = {}
    try {
        const r = vm.exec(request.bytecode, { globals: request.globals ?? {}, external, timeout: request.timeout ?? 5000 })
        if (r.error) {
            answer.error = r.error instanceof vm.UncaughtHogVMException ? String(r.error) : String(r.error.message)
        } else if (!r.finished) {
            answer.error = 'Unexpected async function call: ' + r.asyncFunctionName
        } else {
            answer.result = vm.printHogValue(r.result)
            answer.json = JSON.stringify(vm.convertHogToJS(r.result)) ?? 'null'
        }
    } catch (e) {
        answer.error = String(e.message)
    }
    answer.prints = prints
    return answer
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
    process.stdout.write(JSON.stringify(run(JSON.parse(line))) + '\n')
})
