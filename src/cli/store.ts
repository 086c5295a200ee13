import { Command } from 'commander'
import { accepted } from '../kernel/outcome.ts'
import { type EditOptions, runEdit, type StoreOptions } from './store/run-store.ts'
import { type GiftArguments, setGift } from './store/set-gift.ts'
import { type SetArguments, setItem } from './store/set-item.ts'
import { type PromoteArguments, setPromotion } from './store/set-promotion.ts'
import { findVersion, listStore, showHistory, showVersion } from './store/show-store.ts'

const EXIT_USAGE = 2

const program = new Command('store')
  .description('Shows and edits the store: items, promotions and the daily gift, each edit a version that is kept.')
  .addHelpText(
    'after',
    '\nExit code: 0 done, 1 refused with every reason (nothing was changed), 2 it was called wrongly.',
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE))

const reading = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .allowExcessArguments(false)
    .option('--app <app id>', 'the app whose store it is; may be left out when there is one app')
    .option('--json', 'print JSON, for programs')

const editing = (name: string, description: string): Command =>
  reading(name, description)
    .option('--note <why>', 'why, for whoever reads the history')
    .option('--dry-run', 'print what would change, and change nothing')
    .option('--expect-version <version>', 'refuse when the store is at another version by now')

const collect = (text: string, before: string[] = []): string[] => [...before, text]

reading('list', 'Shows the store as it is now.').action((options: StoreOptions) => listStore(options))

editing('set', 'Changes an item; makes it when there is none of that id and all that it needs is given.')
  .argument('<item id>')
  .option('--name-en <name>', 'its name in English')
  .option('--name-zh <name>', 'its name in Chinese')
  .option('--price <currency=amount>', '`USD=19.99` sets a price, `USD=` removes it; once for each currency', collect)
  .option('--coins <number>', 'coins that it gives')
  .option('--tokens <number>', 'tokens that it gives, without a bonus')
  .option('--bonus <per cent>', 'tokens on top')
  .option('--first-bonus <per cent>', "tokens on top in place of the bonus on a player's first charge")
  .option('--premium', 'only premium players see it')
  .option('--no-premium', 'every player sees it')
  .option('--on-sale', 'puts it on sale')
  .option('--off-sale', 'takes it off the store; orders of it stay')
  .option('--act-items <json>', 'extras told to the game: [{"id": "spin", "name": "Free spin", "num": 3}]')
  .action((itemId: string, typed: Omit<SetArguments, 'itemId'> & EditOptions) =>
    runEdit(typed, async () => ({ change: (content) => setItem(content, { ...typed, itemId }) })),
  )

editing('promote', 'Makes or changes a promotion: while it runs, a lower bonus of its items is raised to its own.')
  .argument('<promotion id>')
  .option('--bonus <per cent>', 'the bonus while it runs')
  .option('--from <time>', 'when it starts: 2026-12-24T18:00Z, 2026-12-24T18:00+08:00, or 2026-12-24 in UTC')
  .option('--until <time>', 'the first moment in which it is over')
  .option('--items <ids>', '`1,2`, or `all`, which is what it has when left out')
  .option('--name-en <name>', 'its name in English; its id when left out')
  .option('--name-zh <name>', 'its name in Chinese; its id when left out')
  .option('--end', 'ends it now')
  .option('--remove', 'removes it')
  .action((promotionId: string, options: Omit<PromoteArguments, 'promotionId'> & EditOptions) => {
    const typed = { ...options, promotionId }
    return runEdit(options, async ({ nowMs }) => ({ change: (content) => setPromotion(content, { typed, nowMs }) }))
  })

editing('gift', 'Changes what a day of the daily gift gives.')
  .argument('<day>', '1 to 7')
  .option('--coins <number>', 'coins that it gives')
  .option('--tokens <number>', 'tokens that it gives')
  .action((day: string, typed: Omit<GiftArguments, 'day'> & EditOptions) =>
    runEdit(typed, async () => ({ change: (content) => setGift(content, { ...typed, day }) })),
  )

reading('history', 'Shows the versions of the store, the newest first, and what each changed.')
  .option('--limit <number>', 'how many, at most 100', '20')
  .action((options: StoreOptions & { limit: string }) => showHistory(options))

reading('show', 'Shows a version of the store as it was.')
  .argument('<version>')
  .action((version: string, options: StoreOptions) => showVersion(options, version))

editing('revert', 'Makes a new version with the content of an old one.')
  .argument('<version>')
  .action((version: string, options: EditOptions) =>
    runEdit(options, async (opened) => {
      const found = await findVersion(opened, version)
      if (!found.ok) return { change: () => found }
      const { content, version: old } = found.value
      return { change: () => accepted(content), note: `Back to version ${old}` }
    }),
  )

await program.parseAsync()
