// The reference machine, @posthog/hogvm 1.0.71, with what we do otherwise on purpose done so by it, too. Each change tells
// when it has had an effect, by a name that stands in docs/hog/compatibility.md:
//   note(name): the machine went on as ours does, and the rest of the program is compared as ever;
//   stop(name): the machine cannot be made to do as ours does; what was printed up to here is compared.
'use strict'

const fs = require('fs')
const Module = require('module')
const path = require('path')

const seen = { notes: new Set(), stop: '' }

class Stop extends Error {}

function note(name) {
    seen.notes.add(name)
}

function stop(name) {
    seen.stop = name
    throw new Stop(name)
}

// take is what has been told since the last time.
function take() {
    const told = { notes: [...seen.notes].sort(), stop: seen.stop }
    seen.notes.clear()
    seen.stop = ''
    return told
}

// walk visits a value and all inside of it.
function walk(value, visit, path = new Set()) {
    visit(value)
    if (typeof value !== 'object' || value === null || path.has(value)) {
        return
    }
    path.add(value)
    const inside = value instanceof Map ? [...value.keys(), ...value.values()] : Object.values(value)
    inside.forEach((v) => walk(v, visit, path))
    path.delete(value)
}

// load is the machine, changed.
function load(modules) {
    const file = require.resolve(path.join(modules, '@posthog', 'hogvm'))
    const changed = new Module(file, module)
    changed.filename = file
    changed.paths = Module._nodeModulePaths(path.dirname(file))
    globalThis.hogChange = hooks
    changed._compile(rewrite(fs.readFileSync(file, 'utf8')), file)
    changeLibrary(changed.exports, libraryOf(changed.exports))
    return { vm: changed.exports, take, pattern }
}

// rewrite puts calls of the hooks into the machine. Each place must be found as often as it is known to be there.
function rewrite(text) {
    const places = [
        [/(compareValues\(left, right, operation\) \{)/g, 1, '$1 if (hogChange.unordered(left, right, operation)) return false;'],
        [/(\w+\[i\])(\.location === index)\)/g, 1, '$1$2 && hogChange.open($1))'],
        [/(callStack\.pop\(\);)/g, 2, '$1 hogChange.dropHandlers(throwStack, callStack.length);'],
        [/stack\[next\(\) \+ temp\]/g, 1, '($& ?? null)'],
        [/value = (stack\[sortedUpValues\[i\]\.location\]);/g, 1, 'value = $1 ?? null;'],
        [/pushStack\((stack\[upvalue\.location\])\)/g, 1, 'pushStack($1 ?? null)'],
        [/obj\[lastKey - 1\] = value;/g, 1, 'hogChange.setItem(obj, lastKey, value);'],
    ]
    for (const [place, count, by] of places) {
        const found = text.match(place)?.length ?? 0
        if (found !== count) {
            throw new Error(`newer.js: found ${place} ${found} times in the reference, not ${count}; is it another version?`)
        }
        text = text.replace(place, by)
    }
    return text
}

const isRecord = (v) => typeof v === 'object' && v !== null && !Array.isArray(v)
const isDateTime = (v) => isRecord(v) && '__hogDateTime__' in v
const isDate = (v) => isRecord(v) && '__hogDate__' in v
const isTime = (v) => isDateTime(v) || isDate(v)
const isZone = (name) => {
    try {
        return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
    } catch {
        return false
    }
}
const maxEpoch = 8.64e12 // seconds; the host's dates reach no further
const isInvalid = (v) => isTime(v) && ((isDateTime(v) && !isZone(v.zone)) || Number.isNaN(v.dt) || Math.abs(v.dt) > maxEpoch || Number.isNaN(v.year))

// isInstant reports whether a value compares with another as points in time.
const isInstant = (v, other) => isTime(v) && (isTime(other) || (typeof other === 'string' && !Number.isNaN(hooks.parseTime(other))))

const hooks = {
    // unordered reports whether an ordering operator (13 to 16) is false because one side has no order.
    unordered(left, right, operation) {
        if ((isDate(left) && isInvalid(left)) || (isDate(right) && isInvalid(right))) {
            stop('no date')
        }
        if (operation < 13) {
            return false
        }
        if (left === null || right === null) {
            note('null has no order')
            return true
        }
        if ((isRecord(left) && !isInstant(left, right)) || (isRecord(right) && !isInstant(right, left))) {
            note('dictionaries and records have no order')
            return true
        }
        return false
    },

    // open reports whether a captured variable is still the one on the stack.
    open(cell) {
        if (cell.closed) {
            note('a closed cell is not used again')
        }
        return !cell.closed
    },

    dropHandlers(handlers, depth) {
        while (handlers.length > 0 && handlers[handlers.length - 1].callStackLen > depth) {
            note('return drops handlers')
            handlers.pop()
        }
    },

    setItem(list, index, value) {
        if (!Number.isInteger(index)) {
            stop('a fraction as an index to write to')
        }
        while (list.length < index - 1) {
            note('holes are null')
            list.push(null)
        }
        list[index - 1] = value
    },
}

// libraryOf gets hold of the table of the library: the machine asks it for the name of a function that it calls.
function libraryOf(vm) {
    const hasOwn = Object.hasOwn
    let library
    Object.hasOwn = (table, name) => {
        if (hasOwn(table, 'arrayPushBack')) {
            library = table
        }
        return hasOwn(table, name)
    }
    vm.exec(['_H', 1, 43, 0, 2, 'length', 1])
    Object.hasOwn = hasOwn
    return library
}

function changeLibrary(vm, library) {
    // around puts a check in front of functions: what it returns, unless undefined, is the result.
    const around = (names, check) => {
        for (const name of names.split(' ')) {
            const { fn } = library[name]
            library[name].fn = (args, ...rest) => {
                const early = check(args, name)
                return early === undefined ? fn(args, ...rest) : early
            }
        }
    }
    // instead puts another function in the place of one, and notes when their results are not the same.
    const instead = (name, reason, other) => {
        const { fn } = library[name]
        library[name].fn = (args, ...rest) => {
            const result = other(args)
            let theirs
            try {
                theirs = fn(args, ...rest)
            } catch (e) {
                theirs = e
            }
            if (result !== theirs) {
                note(reason)
            }
            return result
        }
    }
    const { fn: toDateTime } = library.toDateTime
    hooks.parseTime = (text) => toDateTime([text]).dt
    changeNulls(around)
    changeLists(around)
    changeTexts(around)
    changeJSON(around, instead, library, vm)
    changeDates(around, library)
    for (const name of Object.keys(library)) {
        const { fn } = library[name]
        library[name].fn = (...call) => {
            const result = fn(...call)
            if (result === undefined && name !== 'print') {
                note('undefined is null')
            }
            return result === undefined ? null : result
        }
    }
}

function changeNulls(around) {
    around('upper reverse length trim trimLeft trimRight replaceOne replaceAll', ([text, cut], name) => {
        const nothing = name.startsWith('trim') && cut !== null && cut !== undefined && cut.length !== 1
        if (text === null && !nothing) {
            note('functions of texts take null')
            return null
        }
    })
    around('splitByString', ([, text]) => {
        if (text === null) {
            note('functions of texts take null')
            return null
        }
    })
    around('keys values', ([container]) => {
        if (container === null) {
            note('null has no keys')
            return []
        }
        if (isRecord(container) && '__hogClosure__' in container) {
            note('functions have no fields')
            return []
        }
    })
    around('greater greaterOrEquals less lessOrEquals', ([a, b]) => {
        if (a === null || b === null) {
            note('null has no order')
            return false
        }
    })
}

function changeLists(around) {
    const sorted = (list) => {
        const types = new Set(list.map((v) => typeof v))
        if (types.size > 1 || (types.size === 1 && !types.has('number') && !types.has('string')) || list.some(Number.isNaN)) {
            stop('sorting what has no order')
        }
        if (types.has('number')) {
            note('numbers sort as numbers')
        }
        return [...list].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    }
    around('arraySort', ([list]) => (Array.isArray(list) ? sorted(list) : undefined))
    around('arrayReverseSort', ([list]) => (Array.isArray(list) ? sorted(list).reverse() : undefined))
    around('range', (args) => {
        if (args.some((n) => typeof n !== 'number')) {
            stop('a range of what is no number')
        }
    })
}

function changeTexts(around) {
    around('multiIf', (args) => {
        if (args.length % 2 === 0) {
            stop('multiIf without a default, as a value')
        }
    })
    around('trim trimLeft trimRight base64Encode base64Decode tryBase64Decode', ([text]) => {
        if (Array.isArray(text)) {
            stop('lists are no texts')
        }
    })
    around('base64Decode tryBase64Decode', ([text]) => {
        if (/[^\x00-\xff]/.test(text)) {
            stop('letters beyond those of base64 are skipped')
        }
    })
    around('md5 sha1 sha256 sha1HmacChain sha256HmacChain', ([, encoding]) => {
        if (encoding !== undefined && !['hex', 'base64', 'base64url', 'binary'].includes(encoding)) {
            stop('an unknown way to write a digest')
        }
    })
    around('sha1HmacChain sha256HmacChain sha1HmacChainHex sha256HmacChainHex', ([list]) => {
        if (!Array.isArray(list)) {
            stop('texts are no lists')
        }
    })
    around('Error RetryError NotImplementedError', (args) => {
        if (args.length > 0 && typeof args[0] !== 'string') {
            stop('the message of an error is text')
        }
        if (args[1] === null) {
            args[1] = undefined
        }
    })
    around('HogError', (args) => {
        if (typeof args[0] !== 'string' || (args.length > 1 && typeof args[1] !== 'string')) {
            stop('the message of an error is text')
        }
        if (args[2] === null) {
            args[2] = undefined
        }
    })
}

function changeJSON(around, instead, library, vm) {
    const parsed = (v) => {
        try {
            return typeof v === 'string' ? JSON.parse(v) : v
        } catch {
            return undefined
        }
    }
    const step = (v, key) => {
        if (v instanceof Map) {
            return v.has(key) ? [v.get(key)] : []
        }
        if (Array.isArray(v)) {
            const i = typeof key !== 'number' ? NaN : key < 0 ? v.length + key : key - 1
            return Number.isInteger(i) && i >= 0 && i < v.length ? [v[i]] : []
        }
        const isObject = isRecord(v) && Object.getPrototypeOf(v) === Object.prototype && !('__hogError__' in v) && !isTime(v)
        return isObject && typeof key === 'string' && Object.hasOwn(v, key) ? [v[key]] : []
    }
    instead('JSONHas', 'JSONHas is false where there is no container', ([document, ...keys]) => {
        let at = [document]
        for (const key of keys) {
            at = step(parsed(at[0]), key)
            if (at.length === 0) {
                return false
            }
        }
        return true
    })
    // check stops at a path that goes on where a text is: the reference takes the characters of one.
    const check = ([document, ...keys]) => {
        let at = [parsed(document)]
        for (const key of keys) {
            if (typeof at[0] === 'string') {
                stop('a path into a text')
            }
            at = step(at[0], key)
        }
    }
    around('JSONLength JSONExtractBool JSONExtractString JSONExtractInt JSONExtractFloat JSONExtractArrayRaw', check)
    around('JSONExtract', (args) => check(args.slice(0, -1)))
    // The reference keeps the host's objects, which cannot be assigned to, and has those whose keys are integers sorted.
    const texts = 'jsonParse JSONExtract JSONExtractArrayRaw JSONExtractString JSONExtractInt JSONExtractFloat'
    around(texts, ([text]) => {
        if (typeof text === 'string' && /"\d+"\s*:/.test(text)) {
            stop('integer keys keep their place')
        }
    })
    for (const name of ['JSONExtract', 'JSONExtractArrayRaw']) {
        const { fn } = library[name]
        library[name].fn = (args, ...rest) => {
            const result = fn(args, ...rest)
            if (typeof args[0] === 'string' && typeof result === 'object' && result !== null) {
                note('objects out of JSON are dictionaries')
                return vm.convertJSToHog(result)
            }
            return result
        }
    }
    around('jsonStringify', ([value, indent]) => {
        if (indent > 0 && indent < 1) {
            stop('an indent that is a fraction')
        }
        walk(value, (v) => {
            if (v instanceof Map && Object.keys(Object.fromEntries(v)).join() !== [...new Set([...v.keys()].map(String))].join()) {
                stop('integer keys keep their place')
            }
            if (isRecord(v) && '__hogError__' in v && v.payload !== null && typeof v.payload === 'object') {
                stop('the payload of an error in JSON')
            }
        })
    })
    const { fn } = library.JSONLength
    library.JSONLength.fn = (...call) => {
        try {
            return fn(...call)
        } catch (e) {
            if (!(e instanceof TypeError)) {
                throw e
            }
            note('JSONLength of null is 0')
            return 0
        }
    }
}

function changeDates(around, library) {
    const seconds = { hour: 3600, minute: 60, second: 1, week: 604800 }
    around('addDays toStartOfDay toStartOfHour toStartOfMonth toStartOfWeek', ([time]) => {
        if (!isTime(time) || isInvalid(time)) {
            stop('no date')
        }
    })
    around('dateAdd', ([, , time]) => {
        if (!isTime(time) || isInvalid(time)) {
            stop('no date')
        }
    })
    around('dateTrunc', ([, time]) => {
        if (isInvalid(time)) {
            stop('no date')
        }
    })
    const plain = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/
    const read = (time) => {
        if (isInvalid(time)) {
            stop('no date')
        }
        if (!isTime(time) && !plain.test(time)) {
            stop('dates in text are read alike everywhere')
        }
    }
    around('dateDiff', ([, from, to]) => {
        read(from)
        read(to)
    })
    around('extract', ([, time]) => read(time))
    around('toYear toMonth toYYYYMM', ([time]) => read(time))
    around('toInt toFloat toUnixTimestamp toUnixTimestampMilli', ([time]) => {
        if (isInvalid(time)) {
            stop('no date')
        }
    })
    const { fn: dateDiff } = library.dateDiff
    library.dateDiff.fn = (args, ...rest) => {
        const theirs = dateDiff(args, ...rest)
        const [unit, from, to] = args
        if (!seconds[unit] || Number.isNaN(theirs)) {
            return theirs
        }
        const instant = (v) => (isDateTime(v) ? v.dt : isDate(v) ? new Date(0).setUTCFullYear(v.year, v.month - 1, v.day) / 1000 : hooks.parseTime(v))
        const real = Math.floor((Math.round(instant(to) * 1000) - Math.round(instant(from) * 1000)) / 1000 / seconds[unit])
        if (real !== theirs) {
            note('dateDiff counts real time')
        }
        return real
    }
    around('fromUnixTimestamp fromUnixTimestampMilli', ([time]) => {
        if (typeof time !== 'number') {
            stop('times are numbers')
        }
    })
    around('formatDateTime', ([, format, zone]) => {
        if (typeof format !== 'string' || (zone !== undefined && typeof zone !== 'string')) {
            stop('formats and zones are texts')
        }
        if (format.includes("'")) {
            stop('an apostrophe in a format')
        }
    })
    around('toUnixTimestamp toUnixTimestampMilli toDateTime toTimeZone', ([, zone]) => {
        if (zone !== undefined && typeof zone !== 'string') {
            stop('formats and zones are texts')
        }
    })
}

// pattern stops at a regular expression that RE2 and the host may read otherwise: in its syntax, or because a text is
// characters to RE2 and UTF-16 units to the host.
function pattern(expression, value) {
    const text = String(expression).replace(/^\(\?i\)/, '').replace(/\\[dws\\]/g, 'd')
    if (/\[\^?\]|\(\?|\\[a-zA-Z0-9]|[*+?{][*+{]|^[*+?]|[(|][*+?]|\\$/.test(text)) {
        stop('regular expressions are RE2')
    }
    if (/[\ud800-\udfff]/.test(value) && /\.(?!\*)|\[/.test(text)) {
        stop('regular expressions are RE2')
    }
}

module.exports = { load }
