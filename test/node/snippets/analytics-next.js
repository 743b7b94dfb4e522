import { AnalyticsBrowser } from '@segment/analytics-next'

const analytics = AnalyticsBrowser.load({ writeKey: 'phc_local', cdnURL: 'http://127.0.0.1:8000' })
analytics.track('hello from analytics-next')
