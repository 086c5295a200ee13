import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CatalogueContent } from '../../features/store/index.ts'
import type { CurrencyCode, MinorUnits } from '../../kernel/money.ts'
import { contentWords } from './content-words.ts'

const CONTENT: CatalogueContent = {
  items: [
    {
      ...{ itemId: 1, nameEn: 'Starter Pack', nameZh: '入门礼包', premiumOnly: false, isOnSale: true },
      prices: new Map([
        ['USD' as CurrencyCode, 1999 as MinorUnits],
        ['JPY' as CurrencyCode, 3000 as MinorUnits],
      ]),
      terms: { coins: 1000, tokensBase: 20, bonusPercent: 0, firstChargeBonusPercent: 10, actItems: [] },
    },
    {
      ...{ itemId: 12, nameEn: 'Gem 💎\u001b', nameZh: '宝石', premiumOnly: true, isOnSale: false },
      prices: new Map([['USD' as CurrencyCode, 2000 as MinorUnits]]),
      terms: {
        ...{ coins: 5, tokensBase: 0, bonusPercent: 5, firstChargeBonusPercent: 5 },
        actItems: [{ id: 'spin', name: 'Free spin', num: 3 }],
      },
    },
  ],
  promotions: [
    {
      ...{ promotionId: 'now', nameEn: 'Now', nameZh: '现在', bonusPercent: 20, itemIds: [1] },
      ...{ startsAtMs: 0, endsAtMs: 60_000 },
    },
    {
      ...{ promotionId: 'over', nameEn: 'Over', nameZh: '过去', bonusPercent: 20, itemIds: [] },
      ...{ startsAtMs: 0, endsAtMs: 1000 },
    },
  ],
  dailyGifts: [{ coins: 100, tokens: 0 }],
}

test('a content is shown in columns that stand below each other, Chinese names and emoji too', () => {
  assert.equal(
    contentWords(CONTENT, { nowMs: 1000 }),
    [
      'item  name                    price                coins  tokens  bonus  first  premium  on sale  extras',
      '   1  Starter Pack  入门礼包  JPY 3000, USD 19.99   1000      20    0 %   10 %  no       yes',
      '  12  Gem 💎\ufffd       宝石      USD 20.00                5       0    5 %    5 %  yes      no       3 spin',
      '',
      'promotion  name        bonus  items  from                      until',
      'now        Now   现在   20 %      1  1970-01-01T00:00:00.000Z  1970-01-01T00:01:00.000Z  runs now',
      '(1 over, not shown; --json shows them)',
      '',
      'daily gift  coins  tokens',
      'day 1         100       0',
    ].join('\n'),
  )
})
