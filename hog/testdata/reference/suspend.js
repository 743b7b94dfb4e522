// Runs one stretch of a program on the reference machine, @posthog/hogvm: from its start or from a saved state to its end or to the next
// call of an async function. One request per line on stdin, as JSON:
//   {"bytecode": [...]} or {"state": {...}, "result": <what the function gave>}, with
//   {"globals": {...}, "async": ["<function>", ...], "chunks": {"<name>": {"bytecode": [...], "globals": {...}}}}
// One answer per line on stdout: {"prints": [...], "function": "<name>", "args": [...], "state": {...}} for a suspension, else
//   {"prints": [...], "result": "<value form>", "error": "<message>"}.
// Usage: node suspend.js <path of a node_modules folder>
'use strict'

const path = require('path')
const readline = require('readline')
const { external } = require('./machine.js')
const vm = require(path.join(process.argv[2], '@posthog', 'hogvm'))

let prints = []
// The built-in print writes through console.log.
console.log = (...args) => { prints.push(args.join(' ')) }

// Functions are compared by what they are called.
const asText = (key, v) => (v?.__hogClosure__ ? `fn<${v.callable.name}(${v.callable.argCount})>` : v)

function run(request) {
    prints = []
    const answer = {}
    try {
        const start = request.state ?? request.bytecode
        if (request.state) {
            start.stack.push(request.result)
        }
        const r = vm.exec(start, {
            globals: request.globals ?? {},
            asyncFunctions: Object.fromEntries((request.async ?? []).map((name) => [name, async () => null])),
            importBytecode: (name) => request.chunks?.[name],
            external,
            maxAsyncSteps: 10000,
            timeout: 5000,
        })
        if (r.error) {
            answer.error = r.error instanceof vm.UncaughtHogVMException ? String(r.error) : String(r.error.message)
        } else if (r.finished) {
            answer.result = vm.printHogValue(r.result)
        } else {
            answer.function = r.asyncFunctionName
            answer.args = JSON.parse(JSON.stringify(r.asyncFunctionArgs, asText))
            answer.state = r.state
        }
    } catch (e) {
        answer.error = String(e.message)
    }
    answer.prints = prints
    return answer
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
    let answer = run(JSON.parse(line))
    try {
        answer = JSON.stringify(answer)
    } catch (e) {
        answer = JSON.stringify({ prints: answer.prints, error: 'a value that holds itself' })
    }
    process.stdout.write(answer + '\n')
})
