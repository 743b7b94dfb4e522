// node analytics-node.mjs HOST KEY: one session with the real SDK.
import { Analytics } from '@segment/analytics-node'

const [, , host, writeKey] = process.argv
const analytics = new Analytics({ writeKey, host, path: '/v1/batch' })
analytics.on('error', (err) => {
    console.error(err)
    process.exitCode = 1
})
analytics.identify({ userId: 'bo', anonymousId: 'anon-2', traits: { email: 'bo@example.org' } })
analytics.track({ userId: 'bo', event: 'purchase', properties: { name: 'Bo', email: 'bo@example.org', plan: 'starter', amount: 19, currency: 'usd' } })
analytics.page({ userId: 'bo', name: 'Pricing', properties: { url: 'https://shop.example.com/pricing' } })
analytics.group({ userId: 'bo', groupId: 'example', traits: { name: 'Example' } })
analytics.alias({ userId: 'bo', previousId: 'anon-2' })
analytics.screen({ userId: 'bo', name: 'Home' })
await analytics.closeAndFlush()
