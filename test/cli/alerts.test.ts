import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '../../src/kernel/clock.ts'
import { assertDone } from '../support/answers.ts'
import { listingChannel, listingPlatform } from '../support/listing-platform.ts'
import { localApps, payment, startApp, type TestApp } from '../support/test-app.ts'

const RULES = readFileSync(join(import.meta.dirname, '../../deploy/alerts.yml'), 'utf8')

/** What a rule selects: the name of a metric, and the labels that it names. */
interface Selector {
  readonly metric: string
  readonly labels: readonly { readonly name: string; readonly operator: string; readonly value: string }[]
}

// What PromQL itself brings, and the one metric that Prometheus makes by itself.
const PROMQL = new Set([
  'sum',
  'increase',
  'rate',
  'histogram_quantile',
  'by',
  'and',
  'or',
  'unless',
  'offset',
  'up',
  'max',
  'time',
])

const alerts = RULES.split(/^ {6}- alert: /m)
  .slice(1)
  .map((text) => {
    const [, expression = ''] = /^ {8}expr: (?:\|\n)?([\s\S]*?)\n {8}\w+:/m.exec(text) ?? []
    return { name: /^\w+/.exec(text)?.[0] ?? '', text, expression }
  })

function selectorsOf(expression: string): Selector[] {
  const selectors: Selector[] = []
  const withoutGroups = expression.replaceAll(/\bby \([^)]*\)/g, '')
  for (const [, metric = '', matchers = ''] of withoutGroups.matchAll(/([a-z_][a-z0-9_]*)(?:\{([^}]*)\})?/g)) {
    // A range like [5m] or a number ends in a letter of its own.
    if (PROMQL.has(metric) || /^[smhdw]$/.test(metric)) continue
    const labels = [...matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].map(
      ([, name = '', operator = '', value = '']) => ({
        name,
        operator,
        value,
      }),
    )
    selectors.push({ metric, labels })
  }
  return selectors
}

let app: TestApp
let exported: string
before(async () => {
  // Nobody listens there: what waits is counted all the same.
  const webhooks = { url: 'http://127.0.0.1:9/events', secrets: [`whsec_${randomBytes(32).toString('base64')}`] }
  const listing = listingPlatform({ instance: 'listing', nowMs: systemClock.nowMs })
  await listing.open()
  const channels = [listingChannel('listing', listing)]
  app = await startApp({ variables: { APPS: localApps({ webhooks }) }, jobs: 'by_hand', channels })
  await app.service.jobs.run('poll-platforms listing')
  await listing.close()
  const { token, uid } = await app.logIn('alerting')
  const body = payment({ order_id: 'alerting', uid })
  assertDone(await app.call('POST', '/api/v1/payment/success', { token, body }))
  assertDone(await app.call('POST', '/api/v1/payment/success', { token, body }))
  await app.call('POST', '/api/v1/payment/success', { token, body: { ...body, order_id: 'wrong', price: 1 } })
  assert.equal((await app.call('POST', '/api/v1/payment/success', { token: 'none', body })).status, 401)
  await app.call('GET', '/ready')
  // Of Prometheus' text form each line is a metric with its labels.
  exported = String((await app.call('GET', '/metrics')).body)
})
after(() => app.close())

const linesOf = (metric: string): string[] =>
  exported.split('\n').filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))

test('every rule selects metrics that this service exports, by labels that they have', () => {
  assert.ok(alerts.length >= 8)
  for (const { name, expression } of alerts) {
    assert.ok(/[<>=]/.test(expression), `${name} compares`)
    for (const { metric, labels } of selectorsOf(expression)) {
      const lines = linesOf(metric)
      assert.ok(lines.length > 0, `${name}: /metrics has no ${metric}`)
      // The name of the job and of the instance are Prometheus' own.
      for (const label of labels.filter((each) => each.name !== 'job')) {
        assert.ok(
          lines.some((line) => line.includes(`${label.name}="`)),
          `${name}: ${metric} has no ${label.name}`,
        )
      }
    }
  }
})

test('a rule that picks a route, a kind or a verdict picks one that there is', () => {
  const picked = alerts.flatMap(({ name, expression }) =>
    selectorsOf(expression).flatMap(({ metric, labels }) =>
      labels
        .filter((label) => ['route', 'kind'].includes(label.name) && label.operator.startsWith('='))
        .map((label) => ({ name, metric, label })),
    ),
  )
  assert.ok(picked.length > 3)
  for (const { name, metric, label } of picked) {
    const values = linesOf(metric).flatMap((line) => new RegExp(`[{,]${label.name}="([^"]*)"`).exec(line)?.[1] ?? [])
    const pattern = label.operator === '=~' ? new RegExp(`^(?:${label.value})$`) : null
    assert.ok(
      values.some((value) => (pattern ? pattern.test(value) : value === label.value)),
      `${name}: no ${metric} has ${label.name}${label.operator}"${label.value}"`,
    )
  }
})

test('verified money that was not granted rings, and what was granted or repeated does not', () => {
  const rule = alerts.find(({ name }) => name === 'MoneyWaitsForAPerson')
  const [selector] = selectorsOf(rule?.expression ?? '')
  const verdict = selector?.labels.find(({ name }) => name === 'verdict')
  const quiet = new RegExp(`^(?:${verdict?.value})$`)
  const verdicts = linesOf('payment_events_total').flatMap((line) => /verdict="([^"]*)"/.exec(line)?.[1] ?? [])
  assert.deepEqual(
    verdicts.filter((each) => !quiet.test(each)),
    ['price_mismatch'],
  )
  assert.deepEqual(verdicts.filter((each) => quiet.test(each)).sort(), ['granted', 'replayed'])
})

test('every rule says how grave it is, and what has happened in words', () => {
  for (const { name, text } of alerts) {
    assert.match(text, /labels: \{ severity: (?:page|ticket) \}/, name)
    assert.match(text, /summary: "?\S.{20,}/, name)
  }
})
