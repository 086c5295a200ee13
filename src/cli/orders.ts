import { Command } from 'commander'
import { type CaseOptions, showCase } from './orders/case.ts'
import { type ReplayOptions, replay } from './orders/replay.ts'

const EXIT_USAGE = 2

const program = new Command('orders')
  .description('Looks into orders and their payments, and mends what stands wrong.')
  .addHelpText(
    'after',
    '\nExit code: 0 done, 1 refused with the reason (nothing was changed), 2 it was called wrongly.',
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE))

program
  .command('replay')
  .description('Tells a kept message of a platform again: says what that would change, and changes it with --apply.')
  .argument('<event id>', 'as the case of an order and the log of the server name it: evt_...')
  .option('--apply', 'do it; without it nothing is changed')
  .option('--json', 'print JSON, for programs')
  .allowExcessArguments(false)
  .action((eventId: string, options: ReplayOptions) => replay(eventId, options))

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
