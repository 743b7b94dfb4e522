// node rudder-sdk-node.mjs HOST KEY PART
import RudderAnalytics from '@rudderstack/rudder-sdk-node'

const [, , dataPlaneUrl, writeKey, part] = process.argv
const rudder = new RudderAnalytics(writeKey, { dataPlaneUrl, flushInterval: 200, errorHandler: (err) => console.error(err) })

function session() {
    rudder.track({
        userId: 'ada', event: 'purchase', properties: { plan: 'pro', amount: 129.5, tags: ['a', 'b'], note: 'Grüße 👋' },
        timestamp: new Date('2025-03-04T05:06:07.089Z'), context: { ip: '192.0.2.7' },
    })
    rudder.identify({ userId: 'ada', anonymousId: 'anon-1', traits: { email: 'ada@example.org' } })
    rudder.page({ userId: 'ada', category: 'Docs', name: 'Pricing', properties: { url: 'https://shop.example.com/pricing' } })
    rudder.screen({ anonymousId: 'anon-1', name: 'Home', properties: { tab: 2 } })
    rudder.group({ userId: 'ada', groupId: 'acme', traits: { size: 12 } })
    rudder.alias({ userId: 'ada', previousId: 'anon-1' })
    for (let n = 0; n < 250; n++) {
        rudder.track({ userId: `visitor-${n % 5}`, event: 'visit', properties: { n } })
    }
}

function retry() {
    for (const n of [1, 2, 3]) {
        rudder.track({ userId: 'ada', event: 'visit', properties: { n } })
    }
}

part === 'session' ? session() : retry()
await rudder.flush()
