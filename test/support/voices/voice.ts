import type { Config } from '../../../src/config/config.ts'
import type { Answer } from '../test-app.ts'

/** What a player has bought, or tried to: one of each item, for dollars. */
export interface Bought {
  /** As the platform calls the payment, and as it must stand in our books. */
  readonly transactionId: string
  /** As it must stand in our books. */
  readonly orderId: string
  readonly uid: string
  readonly itemId: number
  readonly amountMinor: number
}

/** What the platform says of one refund or dispute, by its own clock. */
export interface Fact {
  readonly type: 'refund.succeeded' | 'refund.reversed' | 'dispute.opened' | 'dispute.lost' | 'dispute.won'
  /** Of the refund or dispute, for its whole life; the same text may name another one of another payment. */
  readonly id: string
  /** Left out: all of it. */
  readonly amountMinor?: number
  /** A small number: which of the facts of one id is the later one. No two of one id have the same. */
  readonly atMs: number
}

/** How a dispute can go; `lost at once`: nobody hears of it before. */
export type DisputeStory = 'open' | 'lost' | 'won' | 'lost then won' | 'lost at once'

/** What a platform can tell. Only this is drawn for it. */
export interface Tells {
  /** A payment that came to nothing. */
  readonly failures: boolean
  /**
   * `whole`: one refund, of all. `each_sum`: one or two, each of its own sum or of all. `running_sum`: one that tells each
   * time how much has gone back by then, which grows.
   */
  readonly refunds: 'none' | 'whole' | 'each_sum' | 'running_sum'
  /** Whether a refund can be undone; a running sum is not. */
  readonly undoneRefunds: boolean
  /** Whether a refund may tell another sum later, and several may be more than was paid: no careful platform does. */
  readonly wildSums: boolean
  /** None of them: no disputes are told of. */
  readonly disputes: readonly DisputeStory[]
  /** Whether an order may be paid twice. */
  readonly secondCharges: boolean
  /** What becomes of money of the wrong amount: a person's to resolve, or the platform gives it back; `never` is it told. */
  readonly wrongPrices: 'never' | 'in_review' | 'given_back'
}

/** A message of a platform, to be signed at the moment of its delivery. */
export interface VoiceMessage {
  /** From `/webhooks/` on. */
  readonly path: string
  readonly body: string
}

/** A payment platform as the test of any order plays it. One and the same fact may be told in several messages, which come in any order. */
export interface Voice {
  /** The CHANNELS of the servers; the secret is of this run, random and worthless. */
  channels(secret: string): Readonly<Record<string, object>>
  /** Where the secret is the server's own: reads it once servers are up. */
  readSecret?(config: Config): Promise<string>
  readonly tells: Tells
  /** The orders count from 0: what this one is called in our books. */
  orderId(no: number): string
  /** An order's charges count from 0 too. */
  transactionId(of: { readonly orderNo: number; readonly chargeNo: number }): string
  payment(bought: Bought): readonly VoiceMessage[]
  failure(bought: Bought): readonly VoiceMessage[]
  notice(bought: Bought, fact: Fact): readonly VoiceMessage[]
  /** The headers that prove a message as of now. */
  sign(
    secret: string,
    signed: { readonly message: VoiceMessage; readonly nowMs: number },
  ): Readonly<Record<string, string>>
  /** Whether the platform is content with an answer; any below 500 is final. */
  isTaken(answer: Pick<Answer, 'status' | 'body'>, message: VoiceMessage): boolean
}
