// node page.mjs FILE CHROMIUM: a page with the script in the file, until the test has seen enough.
import { readFileSync } from 'node:fs'
import { browse } from './browser.mjs'

const [, , file, chromium] = process.argv
await browse(chromium, readFileSync(file, 'utf8'), () => {})
