import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stateOf, withoutMarks } from '../support/books.ts'
import { runProgram, temporaryDirectory } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { purchase, tell } from '../support/reversals.ts'

const SPAN = ['--from', '2020-01-01', '--to', '2100-01-01']
const AT = '2026-11-01T09:30:00Z'

onEveryEngine((on) => {
  const directory = temporaryDirectory({ after })
  let files = 0
  const file = async (text: string, ending = 'csv'): Promise<string> => {
    files += 1
    const path = join(directory, `report-${files}.${ending}`)
    await writeFile(path, text)
    return path
  }
  const run = (...args: string[]) => runProgram('src/cli/reconcile.ts', { args, variables: on.app.variables })
  const csv = (...rows: string[]): string => ['kind,ids,order_id,amount,currency,occurred_at', ...rows].join('\n')
  let bought = 0
  const pay = async () => {
    bought += 1
    const { uid } = await on.app.logIn(`report-${bought}`)
    const what = purchase({ order_id: `report-${bought}`, uid })
    await tell(on.app, what, 'payment.succeeded')
    return { ...what, row: `paid,${what.transaction_id},,19.99,USD,${AT}` }
  }

  test('a report in our own form is compared with the books, and proves nothing by itself', async () => {
    const [same, only, refunded] = [await pay(), await pay(), await pay()]
    const clean = await run('sandbox', ...SPAN, '--report', await file(csv(same.row, only.row, refunded.row)))
    assert.deepEqual([clean.code, clean.stderr], [0, ''])
    assert.match(clean.stdout, /the report tells 3 payments/)
    assert.match(clean.stdout, /USD +59\.97 +0\.00 +59\.97 +0\.00 +0\.00/)
    assert.match(clean.stdout, /Both sides agree\./)

    const rows = [
      same.row,
      refunded.row,
      `refunded,${refunded.transaction_id},,,,${AT}`,
      `paid,"other-name unknown-there",,5.00,EUR,${AT}`,
      // Outside of the span it excuses and is not counted.
      `paid,long-ago,,5.00,EUR,2019-12-31T23:59:59Z`,
    ]
    const before = withoutMarks(await stateOf(on.app))
    const report = await file(csv(...rows))
    const text = await run('sandbox', ...SPAN, '--report', report, '--apply')
    assert.deepEqual([text.code, text.stderr], [1, ''])
    assert.match(text.stdout, /paid there, missing here +other-name unknown-there/)
    assert.match(text.stdout, new RegExp(`booked here, unknown there +${only.transaction_id}`))
    assert.match(text.stdout, new RegExp(`refunded there, not here +${refunded.transaction_id}`))
    assert.match(text.stdout, /a report proves nothing: send it again from the platform/)
    assert.match(text.stdout, /3 differences\. Nothing of it could be taken in\./)
    assert.deepEqual(withoutMarks(await stateOf(on.app)), before)

    const out = join(directory, 'out.json')
    const json = await run('sandbox', ...SPAN, '--report', report, '--format', 'json', '--out', out)
    assert.deepEqual([json.code, json.stdout, json.stderr], [1, '', ''])
    const told = JSON.parse(await readFile(out, 'utf8'))
    assert.deepEqual(told.differences, {
      missing_here: { open: 1, healed: 0 },
      refund_missing_here: { open: 1, healed: 0 },
      unknown_there: { open: 1, healed: 0 },
    })
    assert.deepEqual(told.totals[0], {
      currency: 'EUR',
      there: { paid: '5.00', back: '0.00' },
      here: { paid: '0.00', back: '0.00' },
      difference: '5.00',
    })
    const again = await run('sandbox', ...SPAN, '--report', report, '--out', out)
    assert.equal(again.code, 2)
    assert.match(again.stderr, /cannot be written/, 'no file is written over')

    const table = await run('sandbox', ...SPAN, '--report', report, '--format', 'csv')
    assert.equal(table.code, 1)
    const [head, ...lines] = table.stdout.trim().split('\n')
    assert.match(head ?? '', /^kind,ids,order_id,payment_id,state_there/)
    assert.equal(lines.length, 3)
    assert.match(
      table.stdout,
      /^missing_here,other-name unknown-there,,,paid,5\.00,EUR,,,,2026-11-01T09:30:00\.000Z,false,/m,
    )
  })

  test('the same report as JSON says the same', async () => {
    const rows = [{ kind: 'paid', ids: ['json-1'], amount: '5.00', currency: 'EUR', occurred_at: AT }]
    const { code, stdout } = await run('sandbox', ...SPAN, '--report', await file(JSON.stringify(rows), 'json'))
    assert.equal(code, 1)
    assert.match(stdout, /paid there, missing here +json-1/)
  })

  test('a report that cannot be read is told line by line, and a wrong call by what is wrong with it', async () => {
    const broken = csv(
      `paid,a,,19.999,USD,${AT}`,
      `bought,a,,19.99,USD,${AT}`,
      `paid,,,19.99,USD,${AT}`,
      'paid,a,,19.99,USD,2026-11-01 09:30',
      `paid,a,,,,${AT}`,
      `paid,a,,-5,USD,${AT}`,
    )
    const told = await run('sandbox', ...SPAN, '--report', await file(broken))
    assert.deepEqual([told.code, told.stdout], [2, ''])
    for (const [line, words] of [
      [2, 'no money like 19.99 and USD'],
      [3, 'the kind is none of paid'],
      [4, 'names neither a payment nor an order'],
      [5, 'no time like 2026-11-01T09:30:00Z'],
      [6, 'what was paid has an amount'],
      [7, 'no money like 19.99 and USD'],
    ] as const) {
      assert.match(told.stderr, new RegExp(`line ${line}: .*${words}`))
    }
    const good = await file(csv())
    for (const [args, words] of [
      [['sandbox', ...SPAN, '--report', await file('Date,Total\n1,2')], /not in our own format/],
      [['sandbox', ...SPAN, '--report', await file('kind,occurred_at\n"x')], /never closed/],
      [['sandbox', ...SPAN, '--report', await file('[{', 'json')], /is no JSON/],
      [['sandbox', ...SPAN, '--report', join(directory, 'none.csv')], /cannot be read/],
      [['sandbox', ...SPAN], /cannot be asked for what it told/],
      [['nobody', ...SPAN, '--report', good], /No such payment channel/],
      [['sandbox', '--from', '2026-11-02', '--to', '2026-11-01', '--report', good], /the first before the second/],
      [['sandbox', '--from', 'yesterday', '--to', '2026-11-01', '--report', good], /are times like/],
      [['sandbox', '--from', '2026-11-01', '--report', good], /--to/],
      [['sandbox', ...SPAN, '--report', good, '--format', 'xml'], /Allowed choices/],
    ] as const) {
      const { code, stdout, stderr } = await run(...args)
      assert.deepEqual([code, stdout], [2, ''], args.join(' '))
      assert.match(stderr, words)
    }
  })
})
