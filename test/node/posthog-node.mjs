// node posthog-node.mjs HOST KEY: one session with the real SDK.
import { PostHog } from 'posthog-node'

const [, , host, key] = process.argv
const client = new PostHog(key, { host, flushAt: 20, disableGeoip: true })
client.on('error', (err) => {
    console.error(err)
    process.exitCode = 1
})
client.identify({ distinctId: 'anna', properties: { email: 'Anna@Acme.example', plan: 'pro' } })
client.capture({
    distinctId: 'anna',
    event: 'purchase',
    properties: { name: 'Anna', email: 'Anna@Acme.example', plan: 'pro', amount: 129, currency: 'eur' },
    uuid: '0198c5a0-0000-7000-8000-00000000a001',
})
client.capture({ distinctId: 'anna', event: '$heartbeat' })
client.alias({ distinctId: 'anna', alias: 'anon-1' })
client.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { size: 12 } })
for (let i = 0; i < 45; i++) {
    client.capture({ distinctId: `visitor-${i % 5}`, event: 'visit', properties: { n: i } })
}
await client.shutdown()
