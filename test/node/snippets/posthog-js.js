import posthog from 'posthog-js'

posthog.init('phc_local', { api_host: 'http://127.0.0.1:8000' })
posthog.capture('hello from posthog-js')
