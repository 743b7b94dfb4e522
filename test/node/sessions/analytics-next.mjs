// node analytics-next.mjs HOST KEY PART CHROMIUM
import { browse } from './browser.mjs'

const [, , cdnURL, writeKey, part, chromium] = process.argv
const code = `
import { AnalyticsBrowser } from '@segment/analytics-next'
window.analytics = AnalyticsBrowser.load(${JSON.stringify({ writeKey, cdnURL })})
`

// Each call is waited for: they say who somebody is when they are carried out, not when they are made.
const session = async () => {
    const analytics = window.analytics
    await analytics.setAnonymousId('anon-1')
    await analytics.track('purchase', { plan: 'pro', amount: 129.5, tags: ['a', 'b'], note: 'Grüße 👋' }, { timestamp: new Date('2025-03-04T05:06:07.089Z') })
    await analytics.identify('ada', { email: 'ada@example.org' })
    await analytics.page('Docs', 'Pricing', { tab: 1 })
    await analytics.screen('Home', { tab: 2 })
    await analytics.group('acme', { size: 12 })
    await analytics.alias('ada', 'anon-1')
}

const retry = () => {
    window.analytics.setAnonymousId('anon-1')
    for (const n of [1, 2, 3]) {
        window.analytics.track('visit', { n })
    }
}

await browse(chromium, code, (page) => page.evaluate(part === 'session' ? session : retry))
