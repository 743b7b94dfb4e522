// node posthog-js.mjs HOST KEY PART CHROMIUM
import { browse } from './browser.mjs'

const [, , api_host, key, part, chromium] = process.argv
// The id of the purchase. An id is one event, also to the other parts.
const uuid = {
    session: '0198c5a0-0000-7000-8000-0000000000a3',
    uncompressed: '0198c5a0-0000-7000-8000-0000000000b3',
    'no-config': '0198c5a0-0000-7000-8000-0000000000c3',
}[part]
const session = uuid !== undefined
const options = {
    api_host,
    person_profiles: 'always',
    disable_compression: part === 'uncompressed',
    ...(session ? {} : { autocapture: false, capture_pageview: false, capture_pageleave: false }),
}
const code = `
import posthog from 'posthog-js'
window.posthog = posthog
posthog.init(${JSON.stringify(key)}, ${JSON.stringify(options)})
`

const answers = { bad: 0, good: 0, watchers: [] }

// captures reports whether a request carries events.
const captures = (request) => request.method() === 'POST' && /\/e\//.test(request.url())

function count(kind) {
    answers[kind]++
    answers.watchers = answers.watchers.filter((met) => !met())
}

// until ends when so many capture requests have been answered.
function until(met) {
    return new Promise((resolve) => {
        answers.watchers.push(() => met() && (resolve(), true))
        answers.watchers = answers.watchers.filter((met) => !met())
    })
}

const capture = (page, ...call) => page.evaluate((call) => void window.posthog.capture(...call), call)

async function whole(page) {
    await page.waitForFunction(() => window.posthog.__loaded)
    await until(() => answers.good > 0) // the page view: whatever the SDK asks first has been answered
    const good = answers.good
    await page.click('#buy')
    await page.evaluate((uuid) => {
        const posthog = window.posthog
        posthog.register({ campaign: 'spring' })
        posthog.capture('purchase', { plan: 'pro', amount: 129.5, tags: ['a', 'b'], note: 'Grüße 👋' }, {
            uuid, timestamp: new Date('2025-03-04T05:06:07.089Z'),
        })
        posthog.identify('ada', { email: 'ada@example.org' }, { first_seen: 'monday' })
        posthog.setPersonProperties({ plan: 'pro' }, { first_plan: 'free' })
        posthog.alias('ada-2', 'ada')
        posthog.group('company', 'acme', { size: 12 })
        posthog.capture('$pageview', { page: 2 })
    }, uuid)
    await until(() => answers.good >= good + 2) // identify goes at once, the others when enough time has passed
    await capture(page, 'last words') // in the queue when the page goes
    await page.goto('about:blank')
}

async function retry(page) {
    let seen = 0
    for (const n of [1, 2]) {
        await page.evaluate((n) => void window.posthog.capture('visit', { n }, { send_instantly: true }), n)
        await until(() => answers.bad + answers.good > seen)
        seen = answers.bad + answers.good
    }
    await page.evaluate(() => void window.posthog.capture('visit', { n: 3 }, { send_instantly: true }))
    await until(() => answers.good >= (part === '429' ? 1 : 3))
    await capture(page, 'visit', { n: 4 }) // what would still be sent again goes with it when the page goes
    await page.goto('about:blank')
}

await browse(chromium, code, session ? whole : retry, (page) => {
    page.on('response', (r) => captures(r.request()) && count(r.ok() ? 'good' : 'bad'))
    page.on('requestfailed', (r) => captures(r) && count('bad'))
})
