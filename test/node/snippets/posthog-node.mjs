import { PostHog } from 'posthog-node'

const posthog = new PostHog('phc_local', { host: 'http://127.0.0.1:8000' })
posthog.capture({ distinctId: 'ada', event: 'hello from posthog-node' })
await posthog.shutdown()
