// Pages with an SDK in them, in a Chromium that reaches nothing but loopback.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import puppeteer from 'puppeteer-core'
import { held } from './hold.mjs'

const resolveDir = dirname(dirname(fileURLToPath(import.meta.url)))

const document = `<!doctype html><meta charset="utf-8"><title>Shop</title>
<a id="more" href="#more">More</a>
<button id="buy" class="btn primary" data-plan="pro">Buy now</button>
<script src="/app.js"></script>`

const userAgent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36'

// browse bundles code as a site would, serves a page with it, opens that in the Chromium at the path, lets visit do something with the page, and
// keeps it open until the test has seen enough. Watch is given the page before anything is in it.
export async function browse(executablePath, code, visit, watch = () => {}) {
    const bundle = await build({
        stdin: { contents: code, resolveDir }, bundle: true, write: false, format: 'iife', platform: 'browser', logLevel: 'error',
    })
    const site = createServer((request, response) => {
        const script = request.url === '/app.js'
        response.setHeader('Content-Type', script ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8')
        response.end(script ? bundle.outputFiles[0].text : document)
    })
    site.listen(0, '127.0.0.1')
    await once(site, 'listening')
    const chromium = await puppeteer.launch({
        executablePath,
        pipe: true, // so that it ends with this process, however that ends
        ignoreDefaultArgs: ['--enable-automation'], // SDKs ignore what looks like a robot
        args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update',
            '--disable-blink-features=AutomationControlled', `--user-agent=${userAgent}`, '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1'],
    })
    try {
        const page = await chromium.newPage()
        page.on('pageerror', (err) => console.error('page:', err))
        page.on('console', (message) => console.error('page:', message.text()))
        watch(page)
        await page.goto(`http://127.0.0.1:${site.address().port}/?utm_source=letter`)
        await Promise.race([visit(page), held().then(() => { throw new Error('the test has lost its patience') })])
        await held()
    } finally {
        await chromium.close()
        site.closeAllConnections()
        site.close()
    }
}
