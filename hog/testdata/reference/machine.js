// What the scripts share: running bytecode on a reference machine, @posthog/hogvm, and telling what came of it.
'use strict'

let prints = []
// The built-in print writes through console.log.
console.log = (...args) => { prints.push(args.join(' ')) }

// onPattern sees each regular expression first, and what it is to be found in.
const settings = { onPattern: () => {} }

// RE2 spells flags inside of the pattern, which this host's regular expressions do not know.
function regExp(pattern, value) {
    settings.onPattern(pattern, value)
    const flags = /^\(\?([ims]+)\)/.exec(pattern)
    return flags ? new RegExp(pattern.slice(flags[0].length), flags[1]) : new RegExp(pattern)
}

const external = {
    crypto: require('crypto'),
    regex: {
        match: (pattern, value) => regExp(pattern, value).test(value),
        extract: (pattern, value) => {
            const m = regExp(pattern, value).exec(value)
            return !m ? '' : m.length > 1 ? (m[1] ?? '') : m[0]
        },
    },
}

// json is the value as JSON, or '' for one that the host cannot write.
function json(value) {
    try {
        return JSON.stringify(value) ?? 'null'
    } catch {
        return ''
    }
}

// run answers {prints, result: "<value form>", json: "<as JSON>"} or {prints, error: "<message>", class: "<of the error>"}.
function run(vm, { bytecode, globals, timeout, memoryLimit }) {
    prints = []
    const answer = {}
    try {
        const r = vm.exec(bytecode, { globals: globals ?? {}, external, timeout: timeout ?? 5000, memoryLimit })
        if (r.error) {
            answer.class = r.error.constructor.name
            answer.error = r.error instanceof vm.UncaughtHogVMException ? String(r.error) : String(r.error.message)
        } else if (!r.finished) {
            answer.error = 'Unexpected async function call: ' + r.asyncFunctionName
        } else {
            answer.result = vm.printHogValue(r.result)
            answer.json = json(vm.convertHogToJS(r.result))
        }
    } catch (e) {
        answer.class = e.constructor.name
        answer.error = String(e.message)
    }
    answer.prints = prints
    return answer
}

module.exports = { run, settings, external }
