// node analytics-node.mjs HOST KEY PART
import { Analytics } from '@segment/analytics-node'

const [, , host, writeKey, part] = process.argv
const analytics = new Analytics({ writeKey, host, path: '/v1/batch' })
analytics.on('error', (err) => console.error(err))

function session() {
    const timestamp = new Date('2025-03-04T05:06:07.089Z')
    analytics.track({
        userId: 'ada', event: 'purchase', properties: { plan: 'pro', amount: 129.5, tags: ['a', 'b'], note: 'Grüße 👋' },
        messageId: '0198c5a0-0000-7000-8000-0000000000a2', timestamp, context: { ip: '192.0.2.7', locale: 'de-AT' },
    })
    analytics.identify({ userId: 'ada', anonymousId: 'anon-1', traits: { email: 'ada@example.org' } })
    analytics.page({ userId: 'ada', category: 'Docs', name: 'Pricing', properties: { url: 'https://shop.example.com/pricing' } })
    analytics.screen({ anonymousId: 'anon-1', name: 'Home', properties: { tab: 2 } })
    analytics.group({ userId: 'ada', groupId: 'acme', traits: { size: 12 } })
    analytics.alias({ userId: 'ada', previousId: 'anon-1' })
    for (let n = 0; n < 250; n++) {
        analytics.track({ userId: `visitor-${n % 5}`, event: 'visit', properties: { n } })
    }
}

function retry() {
    for (const n of [1, 2, 3]) {
        analytics.track({ userId: 'ada', event: 'visit', properties: { n } })
    }
}

part === 'session' ? session() : retry()
await analytics.closeAndFlush({ timeout: 60_000 })
