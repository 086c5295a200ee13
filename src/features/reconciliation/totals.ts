import { type Cause, laterNotice } from '../payments/index.ts'

/** The money of one currency, as each side counts it, in minor units. */
export interface CurrencyTotals {
  readonly currency: string
  readonly there: { readonly paid: bigint; readonly back: bigint }
  readonly here: { readonly paid: bigint; readonly back: bigint }
}

type Sum = { readonly minor: number; readonly currency: string }

/** Sums what both sides say, by currency; what went back by its refund or dispute, of which the latest word counts. */
export interface Totals {
  addPaid(side: 'there' | 'here', money: Sum | null): void
  /** One word of the platform's: the latest is the one that happened last, as some list what is newest first. */
  addBackThere(key: string, told: Cause): void
  setBackHere(key: string, money: Sum | null): void
  all(): CurrencyTotals[]
}

export function openTotals(): Totals {
  const paid = { there: new Map<string, bigint>(), here: new Map<string, bigint>() }
  const back = { there: new Map<string, Cause>(), here: new Map<string, Sum | null>() }
  const add = (sums: Map<string, bigint>, money: Sum | null): void => {
    if (money) sums.set(money.currency, (sums.get(money.currency) ?? 0n) + BigInt(money.minor))
  }
  return {
    addPaid: (side, money) => add(paid[side], money),
    addBackThere: (key, told) => void back.there.set(key, laterNotice(back.there.get(key) ?? null, told)),
    setBackHere: (key, money) => void back.here.set(key, money),
    all: () => {
      const wentBack = { there: new Map<string, bigint>(), here: new Map<string, bigint>() }
      for (const { state, amount } of back.there.values()) if (state === 'taken') add(wentBack.there, amount)
      for (const money of back.here.values()) add(wentBack.here, money)
      const maps = [paid.there, paid.here, wentBack.there, wentBack.here]
      const currencies = [...new Set(maps.flatMap((sums) => [...sums.keys()]))].sort()
      return currencies.map((currency) => {
        const sum = (sums: Map<string, bigint>): bigint => sums.get(currency) ?? 0n
        return {
          currency,
          there: { paid: sum(paid.there), back: sum(wentBack.there) },
          here: { paid: sum(paid.here), back: sum(wentBack.here) },
        }
      })
    },
  }
}
