import { Command } from 'commander'
import { type ApproveArguments, approve } from './orders/approve.ts'
import { type CaseOptions, showCase } from './orders/case.ts'
import { type CatchUpOptions, catchUpWith } from './orders/catch-up.ts'
import { type ListArguments, listQueue } from './orders/list-queue.ts'
import { type RefundArguments, refund } from './orders/refund.ts'
import { type ReplayOptions, replay } from './orders/replay.ts'
import type { OrdersOptions, StaffOptions } from './orders/run-orders.ts'
import { show } from './orders/show.ts'

const EXIT_USAGE = 2

const program = new Command('orders')
  .description('Looks into orders and their payments, resolves paid money that was not granted, and gives money back.')
  .addHelpText(
    'after',
    '\nExit code: 0 done, 1 refused with the reason, or a refund that is not done yet, 2 it was called wrongly.' +
      '\nEvery decision is kept with its time and the name of whoever made it.',
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE))

const reading = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .allowExcessArguments(false)
    .option('--app <app id>', 'the app whose money it is; may be left out when there is one app')
    .option('--json', 'print JSON, for programs')

const deciding = (name: string, description: string): Command =>
  reading(name, description).option(
    '--by <name>',
    'who decides; the name of your account on this machine when left out',
  )

reading('list', 'Shows the open entries of the review queue, the oldest first, and refunds that are not done.')
  .option('--limit <number>', 'how many entries, at most 500', '50')
  .option('--after <cursor>', 'goes on where a page ended')
  .option('--all', 'every entry, page by page')
  .action((options: ListArguments) => listQueue(options))

reading('show', 'Shows an entry or an order with its payments, events, refunds and what people decided.')
  .argument('<entry or order>')
  .action((target: string, options: OrdersOptions) => show(options, target))

deciding('approve', 'Grants what was paid for, once, after asking the platform whether the payment still stands.')
  .argument('<entry>')
  .option('--uid <player>', 'another player than the payment names: a new order is made')
  .option('--item <item id>', 'another item than the payment names: a new order is made')
  .option('--paid', 'you state that the payment stands, where its platform cannot be asked')
  .action((entry: string, typed: ApproveArguments & StaffOptions) => approve(typed, entry))

deciding('refund', 'Gives money back through its platform, takes back what it granted, and closes its entry.')
  .argument('<entry or order>')
  .option('--amount <amount>', 'a part, in the currency of the payment: 5.00; all that is left when left out')
  .option('--returned', 'you state that the money went back, where its platform cannot be asked for it')
  .action((target: string, typed: RefundArguments & StaffOptions) => refund(typed, target))

program
  .command('replay')
  .description('Tells a kept message of a platform again: says what that would change, and changes it with --apply.')
  .argument('<event id>', 'as the case of an order and the log of the server name it: evt_...')
  .option('--apply', 'do it; without it nothing is changed')
  .option('--json', 'print JSON, for programs')
  .allowExcessArguments(false)
  .action((eventId: string, options: ReplayOptions) => replay(eventId, options))

program
  .command('catch-up')
  .description(
    'Asks a platform what it told in a span of time: says what never reached us, and takes it in with --apply.',
  )
  .argument('<channel>', 'the configured instance')
  .requiredOption('--from <time>', 'like 2026-11-01T00:00:00Z')
  .option('--to <time>', 'now when left out')
  .option('--apply', 'do it; without it nothing is changed')
  .option('--json', 'print JSON, for programs')
  .allowExcessArguments(false)
  .action((instance: string, options: CatchUpOptions) => catchUpWith(instance, options))

program
  .command('case')
  .description(
    'Tells the whole story of an order in the order of time, why it stands as it does and what happens next.',
  )
  .argument('<order id>')
  .option('--app <app id>', 'the app whose order it is; may be left out when there is one app')
  .option('--json', 'print JSON, for programs')
  .allowExcessArguments(false)
  .action((orderId: string, options: CaseOptions) => showCase(orderId, options))

await program.parseAsync()
