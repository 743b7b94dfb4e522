// Answers each line of JSON {mode, src} on stdin with one line: what the
// reference parser makes of the text. node_modules is given by the first argument.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.argv[2], 'anchor.js'))
const create = require('@posthog/hogql-parser')
const parser = await (create.default ?? create)()
const parse = {
  program: (src) => parser.parseProgram(src, true),
  expr: (src) => parser.parseExpr(src, true),
  template: (src) => parser.parseFullTemplateString("F'" + src, true),
}
for await (const line of createInterface({ input: process.stdin })) {
  const { mode, src } = JSON.parse(line)
  let answer
  try {
    answer = parse[mode](src)
  } catch (err) {
    answer = JSON.stringify({ error: true, message: 'parser failed: ' + err })
  }
  process.stdout.write(answer.replaceAll('\n', ' ') + '\n')
}
