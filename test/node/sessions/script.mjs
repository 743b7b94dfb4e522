// node script.mjs FILE: the script in the file, with the packages that are installed here.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const { status } = spawnSync('node', ['--input-type=module'], {
    input: readFileSync(process.argv[2]), stdio: ['pipe', 'inherit', 'inherit'],
})
process.exit(status ?? 1)
