/** The money of one currency, as each side counts it, in minor units. */
export interface CurrencyTotals {
  readonly currency: string
  readonly there: { readonly paid: bigint; readonly back: bigint }
  readonly here: { readonly paid: bigint; readonly back: bigint }
}

/** Sums what both sides say, by currency; what went back by its refund or dispute, of which the latest word counts. */
export interface Totals {
  addPaid(side: 'there' | 'here', money: { minor: number; currency: string } | null): void
  setBack(side: 'there' | 'here', key: string, money: { minor: number; currency: string } | null): void
  all(): CurrencyTotals[]
}

export function openTotals(): Totals {
  const paid = { there: new Map<string, bigint>(), here: new Map<string, bigint>() }
  const back = {
    there: new Map<string, { minor: number; currency: string } | null>(),
    here: new Map<string, { minor: number; currency: string } | null>(),
  }
  const add = (sums: Map<string, bigint>, money: { minor: number; currency: string } | null): void => {
    if (money) sums.set(money.currency, (sums.get(money.currency) ?? 0n) + BigInt(money.minor))
  }
  return {
    addPaid: (side, money) => add(paid[side], money),
    setBack: (side, key, money) => void back[side].set(key, money),
    all: () => {
      const wentBack = { there: new Map<string, bigint>(), here: new Map<string, bigint>() }
      for (const side of ['there', 'here'] as const) for (const one of back[side].values()) add(wentBack[side], one)
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
