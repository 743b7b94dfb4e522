import RudderAnalytics from '@rudderstack/rudder-sdk-node'

const rudder = new RudderAnalytics('phc_local', { dataPlaneUrl: 'http://127.0.0.1:8000' })
rudder.track({ userId: 'ada', event: 'hello from rudder-sdk-node' })
await rudder.flush()
