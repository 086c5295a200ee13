import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type GiftPlayer, giftPlayer, moveTo } from '../support/gift-calls.ts'
import { APP_ID, APP_SECRET, OTHER_APP_ID, startApp } from '../support/test-app.ts'

const SHANGHAI = 'com.example.shanghai'
const NEW_YORK = 'com.example.new-york'

const clock = fakeClock()

/** The apps, of which the first turns its day where it is told. */
const appsWith = (timeZone: string) =>
  JSON.stringify([
    { appId: APP_ID, appSecret: APP_SECRET, timeZone },
    { appId: OTHER_APP_ID, appSecret: 'secret-of-the-other' },
    { appId: SHANGHAI, appSecret: 'secret-of-shanghai', timeZone: 'Asia/Shanghai' },
    { appId: NEW_YORK, appSecret: 'secret-of-new-york', timeZone: 'America/New_York' },
  ])

async function claimAt(player: GiftPlayer, iso: string) {
  moveTo(clock, iso)
  return assertDone(await player.claim())
}

async function assertTooEarly(player: GiftPlayer, iso: string): Promise<void> {
  moveTo(clock, iso)
  assert.equal(await player.flag(), 0, iso)
  assertRefused(await player.claim(), 409, 'already_claimed', { errCode: 999 })
}

onEveryEngine(
  (on) => {
    test('in Shanghai the day turns at four in the afternoon of UTC', async () => {
      const player = await giftPlayer(on.app, 'shanghai', SHANGHAI)
      moveTo(clock, '2026-11-01T15:59:00Z')
      const { time_zone, local_date } = assertDone(await player.calendar())
      assert.deepEqual([time_zone, local_date], ['Asia/Shanghai', '2026-11-01'])
      assert.equal((await claimAt(player, '2026-11-01T16:00:00Z')).next_at, '2026-11-02T16:00:00.000Z')
      assert.equal((await playerRow(on.app, player.uid)).gift_date, '2026-11-02')
      await assertTooEarly(player, '2026-11-02T15:59:59Z')
      assert.equal((await claimAt(player, '2026-11-02T16:00:00Z')).streak, 2)
      // The evening of UTC is the next morning there: the third day ends, and the streak with it, at 16:00.
      assert.equal((await claimAt(player, '2026-11-04T15:59:59Z')).streak, 3)
      assert.equal((await claimAt(player, '2026-11-06T16:00:00Z')).streak, 1)
      await assertBooks(on.app)
    })

    test('in New York the day of 23 hours in March is one day of the streak', async () => {
      const player = await giftPlayer(on.app, 'spring', NEW_YORK)
      assert.equal((await claimAt(player, '2026-03-07T05:00:00Z')).next_at, '2026-03-08T05:00:00.000Z')
      assert.equal((await claimAt(player, '2026-03-08T05:00:00Z')).next_at, '2026-03-09T04:00:00.000Z')
      await assertTooEarly(player, '2026-03-09T03:59:59Z')
      assert.equal((await claimAt(player, '2026-03-09T04:00:00Z')).streak, 3)
      assert.equal((await claimAt(player, '2026-03-11T03:59:59Z')).streak, 4)
    })

    test('in New York the day of 25 hours in November is one day of the streak', async () => {
      const player = await giftPlayer(on.app, 'autumn', NEW_YORK)
      await claimAt(player, '2026-10-31T04:00:00Z')
      assert.equal((await claimAt(player, '2026-11-01T04:00:00Z')).next_at, '2026-11-02T05:00:00.000Z')
      await assertTooEarly(player, '2026-11-02T04:59:59Z')
      assert.equal((await claimAt(player, '2026-11-02T05:00:00Z')).streak, 3)
      assert.equal((await claimAt(player, '2026-11-04T04:59:59Z')).streak, 4)
    })

    test('the twenty-ninth of February is a day of the streak, where there is one', async () => {
      const player = await giftPlayer(on.app, 'leap-day', NEW_YORK)
      const streaks: number[] = []
      for (const date of ['2028-02-28', '2028-02-29', '2028-03-01']) {
        streaks.push((await claimAt(player, `${date}T17:00:00Z`)).streak)
        assert.equal((await playerRow(on.app, player.uid)).gift_date, date)
      }
      streaks.push((await claimAt(player, '2028-03-02T17:00:00Z')).streak)
      const other = await giftPlayer(on.app, 'leap-day-missed', NEW_YORK)
      streaks.push((await claimAt(other, '2028-02-28T17:00:00Z')).streak)
      streaks.push((await claimAt(other, '2028-03-01T17:00:00Z')).streak)
      const common = await giftPlayer(on.app, 'no-leap-day', NEW_YORK)
      for (const date of ['2027-02-28', '2027-03-01']) streaks.push((await claimAt(common, `${date}T17:00:00Z`)).streak)
      assert.deepEqual(streaks, [1, 2, 3, 4, 1, 1, 1, 2])
      await assertBooks(on.app)
    })

    test('a studio that moves its zone east does not cost its players their streak', async () => {
      const before = await giftPlayer(on.app, 'moved-east')
      await claimAt(before, '2026-11-01T20:00:00Z')
      const moved = await startApp({ clock, variables: { ...on.app.variables, APPS: appsWith('Pacific/Kiritimati') } })
      try {
        const after = await giftPlayer(moved, 'moved-east')
        await assertTooEarly(after, '2026-11-02T15:59:59Z')
        // There it is the second day after the first; where the last gift was claimed it is still the next.
        moveTo(clock, '2026-11-02T23:59:59Z')
        assert.equal(assertDone(await after.calendar()).local_date, '2026-11-03')
        assert.equal(assertDone(await after.claim()).streak, 2)
        const { gift_zone, gift_date } = await playerRow(moved, after.uid)
        assert.deepEqual([gift_zone, gift_date], ['Pacific/Kiritimati', '2026-11-03'])
        assert.equal((await claimAt(after, '2026-11-04T09:59:59Z')).streak, 3)
        assert.equal((await claimAt(after, '2026-11-06T10:00:00Z')).streak, 1)
      } finally {
        await moved.close()
      }
      await assertBooks(on.app)
    })

    test('a studio that moves its zone west gives no date twice', async () => {
      const before = await giftPlayer(on.app, 'moved-west')
      await claimAt(before, '2026-11-01T01:00:00Z')
      await claimAt(before, '2026-11-02T01:00:00Z')
      const moved = await startApp({ clock, variables: { ...on.app.variables, APPS: appsWith('Pacific/Pago_Pago') } })
      try {
        const after = await giftPlayer(moved, 'moved-west')
        moveTo(clock, '2026-11-03T10:59:59Z')
        const calendar = assertDone(await after.calendar())
        assert.deepEqual([calendar.local_date, calendar.streak], ['2026-11-02', 2])
        assert.equal(calendar.next_at, '2026-11-03T11:00:00.000Z')
        await assertTooEarly(after, '2026-11-03T10:59:59Z')
        assert.equal((await claimAt(after, '2026-11-03T11:00:00Z')).streak, 3)
      } finally {
        await moved.close()
      }
      await assertBooks(on.app)
    })
  },
  { clock, variables: { APPS: appsWith('UTC') } },
)
