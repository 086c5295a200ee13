import type { FakeClock } from './fake-clock.ts'
import type { Answer, TestApp } from './test-app.ts'

/** A player of the daily gift, who logs in again for each call: a fake clock ends tokens between two days. */
export interface GiftPlayer {
  readonly uid: string
  token(): Promise<string>
  calendar(): Promise<Answer>
  claim(headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** What a fresh login says of today's gift. */
  flag(): Promise<number>
}

export async function giftPlayer(app: TestApp, loginId: string, appId?: string): Promise<GiftPlayer> {
  const { uid } = await app.logIn(loginId, appId)
  const token = async () => (await app.logIn(loginId, appId)).token
  return {
    uid,
    token,
    calendar: async () => app.call('GET', '/api/v1/daily_gift', { token: await token() }),
    claim: async (headers = {}) => app.call('POST', '/api/v1/daily_gift', { token: await token(), headers, body: {} }),
    flag: async () => (await app.call('POST', '/api/v1/refresh', { token: await token(), body: {} })).body.daily_gift,
  }
}

/** Moves the clock to a moment, forward or back. */
export function moveTo(clock: FakeClock, iso: string): void {
  clock.moveMs(Date.parse(iso) - clock.nowMs())
}
