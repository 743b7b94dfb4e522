// node analytics-js.mjs HOST KEY PART CHROMIUM
import { browse } from './browser.mjs'

const [, , host, writeKey, part, chromium] = process.argv
const options = { configUrl: host, queueOptions: { minRetryDelay: 200 }, useBeacon: part === 'beacon' }
const code = `
import { RudderAnalytics } from '@rudderstack/analytics-js/bundled'
window.rudder = new RudderAnalytics()
window.rudder.load(${JSON.stringify(writeKey)}, ${JSON.stringify(host)}, ${JSON.stringify(options)})
`

const session = () => {
    const rudder = window.rudder
    rudder.setAnonymousId('anon-1')
    rudder.track('purchase', { plan: 'pro', amount: 129.5, tags: ['a', 'b'], note: 'Grüße 👋' }, { originalTimestamp: '2025-03-04T05:06:07.089Z' })
    rudder.identify('ada', { email: 'ada@example.org' })
    rudder.page('Docs', 'Pricing', { tab: 1 })
    rudder.group('acme', { size: 12 })
    rudder.alias('ada', 'anon-1')
}

const retry = () => {
    window.rudder.setAnonymousId('anon-1')
    for (const n of [1, 2, 3]) {
        window.rudder.track('visit', { n })
    }
}

await browse(chromium, code, async (page) => {
    await page.evaluate(['session', 'beacon'].includes(part) ? session : retry)
    if (part === 'beacon') { // it sends when the page goes
        await page.waitForFunction(() => localStorage.length > 0)
        await page.goto('about:blank')
    }
})
