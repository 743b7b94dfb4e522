import { RudderAnalytics } from '@rudderstack/analytics-js/bundled'

const rudder = new RudderAnalytics()
rudder.load('phc_local', 'http://127.0.0.1:8000', { configUrl: 'http://127.0.0.1:8000' })
rudder.track('hello from analytics-js')
