import { runCommand } from './command.ts'

// Brings the schema of the configured database to this release's. Running it again changes nothing.
await runCommand({ schema: 'any', refusedExitCode: 1 }, async ({ database }) => {
  const { applied } = await database.migrate()
  for (const step of applied) process.stdout.write(`applied ${step}\n`)
  const done = applied.length === 0 ? 'is up to date already' : `is up to date: ${applied.length} steps applied`
  process.stdout.write(`The schema of the ${database.engine} database ${done}.\n`)
  return 0
})
