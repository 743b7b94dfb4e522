// Runs each line of JSON {bytecode, globals} on stdin on the reference machine
// and answers with one line {result} or {error}. node_modules is given by the
// first argument.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.argv[2], 'anchor.js'))
const { exec, convertHogToJS } = require('@posthog/hogvm')

for await (const line of createInterface({ input: process.stdin })) {
  const { bytecode, globals } = JSON.parse(line)
  let answer
  try {
    const run = exec(bytecode, { globals, functions: { count: () => (globals.calls = (globals.calls ?? 0) + 1) } })
    answer = run.error ? { error: String(run.error) } : { result: convertHogToJS(run.result) ?? null, left: run.state?.stack?.length ?? 0 }
  } catch (err) {
    answer = { error: String(err) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
