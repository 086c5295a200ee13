import { seedCatalogue } from '../features/store/index.ts'
import { systemClock } from '../kernel/clock.ts'
import { runCommand } from './command.ts'

// Gives every configured app that has no catalogue yet the packs of the seed. An edited catalogue is never touched.
await runCommand({ schema: 'current', refusedExitCode: 1 }, async ({ config, database }) => {
  for (const { appId } of config.apps) {
    const seeded = await seedCatalogue({ database, clock: systemClock }, appId)
    process.stdout.write(`${appId}: ${seeded ? 'seeded its catalogue' : 'has a catalogue already, left as it is'}\n`)
  }
  return 0
})
