import { Analytics } from '@segment/analytics-node'

const analytics = new Analytics({ writeKey: 'phc_local', host: 'http://127.0.0.1:8000', path: '/v1/batch' })
analytics.track({ userId: 'ada', event: 'hello from analytics-node' })
await analytics.closeAndFlush()
