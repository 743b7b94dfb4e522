// node posthog-node.mjs HOST KEY PART
import { PostHog } from 'posthog-node'

const [, , host, key, part] = process.argv
const client = new PostHog(key, { host, fetchRetryDelay: 200 })

function session() {
    client.capture({
        distinctId: 'ada', event: 'purchase', properties: { plan: 'pro', amount: 129.5, tags: ['a', 'b'], note: 'Grüße 👋' },
        uuid: '0198c5a0-0000-7000-8000-0000000000a1', timestamp: new Date('2025-03-04T05:06:07.089Z'), groups: { company: 'acme' },
    })
    client.identify({ distinctId: 'ada', properties: { $set: { email: 'ada@example.org' }, $set_once: { first_seen: 'monday' } } })
    client.alias({ distinctId: 'ada', alias: 'anon-1' })
    client.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { size: 12 } })
    for (let n = 0; n < 250; n++) {
        client.capture({ distinctId: `visitor-${n % 5}`, event: 'visit', properties: { n } })
    }
}

async function retry() {
    for (const n of [1, 2, 3]) {
        client.capture({ distinctId: 'ada', event: 'visit', properties: { n } })
    }
}

await (part === 'session' ? session() : retry())
await client.flush().catch((err) => console.error(err))
await client.shutdown()
