import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, stateOf } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { entryOf } from '../support/review-desk.ts'
import { APP_ID, OTHER_APP_ID, payment } from '../support/test-app.ts'

onEveryEngine((on) => {
  const run = (...args: string[]) => runProgram('src/cli/orders.ts', { args, variables: on.app.variables })
  const orders = (command: string, ...args: string[]) => run(command, '--app', APP_ID, ...args)
  const done = async (command: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await orders(command, ...args)
    assert.deepEqual([code, stderr], [0, ''])
    return stdout
  }
  const json = async (command: string, ...args: string[]) => JSON.parse(await done(command, '--json', ...args))
  const refusedWith = async (pattern: RegExp, command: string, ...args: string[]): Promise<void> => {
    const { code, stdout, stderr } = await orders(command, ...args)
    assert.deepEqual([code, stdout], [1, ''], args.join(' '))
    assert.match(stderr, pattern)
  }
  const pay = async (fields: Parameters<typeof payment>[0]) => {
    const token = await on.app.serverToken()
    return on.app.call('POST', '/api/v1/payment/success', { token, body: payment(fields) })
  }
  const underpaid = async (orderId: string) => {
    const { uid } = await on.app.logIn(`player-of-${orderId}`)
    await pay({ order_id: orderId, uid, price: 9.99, transaction_id: `${orderId}-txn` })
    const { entry_id: entryId } = await entryOf(on.app, orderId)
    return { uid, orderId, entryId }
  }

  test('list shows the queue in columns, the oldest first, page by page or whole', async () => {
    assert.match(await done('list'), /^No money of com\.funtriolimited\.\S+ waits in the review queue\.\n$/)
    const entries = [await underpaid('cli-list-1'), await underpaid('cli-list-2'), await underpaid('cli-list-3')]
    const text = await done('list')
    assert.match(text, /^entry +reason +order +player +item +money +age\n/)
    const row = new RegExp(
      `\n${entries[0]?.entryId} +price_mismatch +cli-list-1 +${entries[0]?.uid} +1 +USD 9\\.99 +now\n`,
    )
    assert.match(text, row)
    const page = await json('list', '--limit', '2')
    const ids = (listed: { entries: { entry: string }[] }) => listed.entries.map(({ entry }) => entry)
    assert.deepEqual(
      ids(page),
      entries.slice(0, 2).map(({ entryId }) => entryId),
    )
    assert.deepEqual(ids(await json('list', '--after', page.next)), [entries[2]?.entryId])
    assert.match(await done('list', '--limit', '2'), /There are more: --all, or --after \S+\n$/)
    const whole = await json('list', '--limit', '1', '--all')
    assert.deepEqual([ids(whole), whole.next], [entries.map(({ entryId }) => entryId), null])
    assert.deepEqual(
      (await runProgram('src/cli/orders.ts', { args: ['list', '--app', OTHER_APP_ID], variables: on.app.variables }))
        .code,
      0,
    )
  })

  test('show tells an entry, and its order, with payment, event and what was decided', async () => {
    const { entryId, orderId, uid } = await underpaid('cli-show')
    const text = await done('show', entryId)
    assert.match(text, new RegExp(`\n${orderId} +review +${uid} +1 +USD 19\\.99 `))
    assert.match(text, /\npay_\w+ +server +cli-show-txn +\d+ +cli-show +1 +USD 9\.99 +review: price_mismatch\n/)
    assert.match(text, new RegExp(`\n${entryId} +price_mismatch +open +`))
    assert.match(text, /\nevt_\w+ +payment +price_mismatch +/)
    assert.equal(await done('show', orderId), text)
    assert.deepEqual((await json('show', orderId)).lines.length, 1)
  })

  test('approve needs a word for what nobody can be asked, grants, and keeps who did it', async () => {
    const { entryId, orderId, uid } = await underpaid('cli-approve')
    await refusedWith(/cannot say whether this payment stands.*\n {2}--paid states/, 'approve', entryId)
    const text = await done('approve', entryId, '--paid')
    assert.equal(
      text,
      `Approved: order ${orderId} is completed; 1000 coins and 22 tokens, the first charge of this player.\n`,
    )
    await refusedWith(/closed\.\n {2}<entry>: it was approved already\n$/, 'approve', entryId, '--paid')
    const [action] = (await json('show', orderId)).actions
    assert.deepEqual([action.kind, action.by_name], ['approve', userInfo().username])
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    const other = await underpaid('cli-approve-for')
    const approved = await json('approve', other.entryId, '--paid', '--uid', uid, '--item', '2', '--by', 'Zoë 周')
    assert.match(approved.order_id, /^ord_/)
    const order = await orderRow(on.app, approved.order_id)
    assert.deepEqual([order?.user_id, order?.item_id, order?.price_minor], [Number(uid), 2, 999])
    assert.equal((await json('show', approved.order_id)).actions[0].by_name, 'Zoë 周')
    await assertBooks(on.app)
  })

  test('refund books what an operator states, of an order in parts and of an entry', async () => {
    const { uid } = await on.app.logIn('cli-refund')
    assertDone(await pay({ order_id: 'cli-refund', uid }))
    await refusedWith(/cannot be asked for a refund.*\n {2}--returned states/, 'refund', 'cli-refund')
    assert.match(
      await done('refund', 'cli-refund', '--returned', '--amount', '5.00'),
      /^Refunded: USD 5\.00 \(operator:rfd_/,
    )
    assert.equal((await playerRow(on.app, uid)).coins, 750)
    const rest = await json('refund', 'cli-refund', '--returned')
    assert.deepEqual([rest.state, rest.amount_minor], ['done', 1499])
    assert.equal((await orderRow(on.app, 'cli-refund'))?.status, 'refunded')
    await refusedWith(/given back already/, 'refund', 'cli-refund', '--returned')
    const { entryId } = await underpaid('cli-refund-entry')
    assert.match(await done('refund', entryId, '--returned'), /^Refunded: all \(operator:/)
    const left = await done('list', '--all')
    assert.ok(!left.includes(entryId), 'a closed entry is not listed')
    await refusedWith(/closed\.\n {2}<entry>: it was refunded already/, 'approve', entryId, '--paid')
    await assertBooks(on.app)
  })

  test('list names the refunds that are not done, and why', async () => {
    const { uid } = await on.app.logIn('cli-unfinished')
    assertDone(await pay({ order_id: 'cli-unfinished', uid }))
    await done('refund', 'cli-unfinished', '--returned', '--amount', '1.00')
    assert.doesNotMatch(await done('list'), /\nrefund /)
    await on.app.service.database.inTransaction((tx) =>
      tx
        .updateTable('refund_intents')
        .set({ state: 'failed', attempts: 12, last_error: 'channel_unavailable', refund_id: null })
        .execute(),
    )
    const failed =
      /\nrfd_\w+ +given up: `refund` tries again +cli-unfinished +USD 1\.00 +12 +channel_unavailable +now\n/
    assert.match(await done('list'), failed)
    assert.ok((await json('list')).refunds.some((one: { state: string }) => one.state === 'failed'))
  })

  test('what is unknown, of another app, or typed wrongly changes nothing and says why', async () => {
    const { entryId, orderId } = await underpaid('cli-wrong')
    const before = await stateOf(on.app)
    await refusedWith(/No such entry/, 'approve', 'rev_00000000000000000000000000000000', '--paid')
    await refusedWith(/No such order/, 'show', "x' or 1=1 --")
    await refusedWith(/No such order/, 'refund', 'nothing', '--returned')
    for (const args of [
      ['show', entryId],
      ['approve', entryId, '--paid'],
      ['refund', entryId, '--returned'],
      ['refund', orderId, '--returned'],
    ]) {
      const { code, stderr } = await run(...args, '--app', OTHER_APP_ID)
      assert.equal(code, 1)
      assert.match(stderr, /No such (?:entry|order)/)
    }
    for (const amount of ['10.00', '-5', '1.999', '\u001b[31m']) {
      await refusedWith(/--amount: /, 'refund', entryId, '--returned', `--amount=${amount}`)
    }
    for (const uid of ['-1', '9999999999999999']) {
      await refusedWith(/--uid: /, 'approve', entryId, '--paid', `--uid=${uid}`)
    }
    await refusedWith(/No such player/, 'approve', entryId, '--paid', '--uid', '88888888')
    for (const item of ['0', '2147483648']) {
      await refusedWith(/--item: /, 'approve', entryId, '--paid', `--item=${item}`)
    }
    await refusedWith(/No such item.*\n {2}--item/, 'approve', entryId, '--paid', '--item', '77')
    await refusedWith(/--by: /, 'refund', entryId, '--returned', '--by', 'a\nb')
    for (const args of [
      ['--limit', '0'],
      ['--limit', '501'],
      ['--limit', 'x'],
      ['--after', '!'],
    ]) {
      await refusedWith(/--(?:limit|after): /, 'list', ...args)
    }
    assert.equal((await run('list')).code, 1, 'two apps, and neither is named')
    for (const args of [['approve'], ['refund'], ['show', 'a', 'b'], ['nothing'], ['list', '--what']]) {
      assert.equal((await run(...args)).code, 2, args.join(' '))
    }
    assert.deepEqual(JSON.parse((await orders('show', 'nothing', '--json')).stdout), {
      error: 'order_not_found',
      details: [],
    })
    assert.deepEqual(await stateOf(on.app), before)
  })
})
