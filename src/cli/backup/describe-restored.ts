import { describeReport } from '../audit/report.ts'
import { countsOf } from './describe-backup.ts'
import type { Restored } from './restore-backup.ts'

/** The account of a restore in the words that people read. */
export function describeRestored(restored: Restored): string {
  const { folder, manifest, movedAside, root, rows, differences, pending, report } = restored
  return [
    `Restored ${folder}, made at ${manifest.created_at} by release ${manifest.app_version}.`,
    ...movedAside.map((name) =>
      manifest.engine === 'sqlite'
        ? `The old file was kept as ${name}`
        : `The old tables were kept in the schema ${name}: drop it once nobody needs them.`,
    ),
    `${countsOf(rows)}.`,
    `Root over all chain heads: ${root}`,
    ...(differences.length === 0
      ? ['It is what was backed up: the root and the number of rows of every table are the same.']
      : ['IT IS NOT WHAT WAS BACKED UP:', ...differences.map((each) => `  ${each}`)]),
    ...(pending.length === 0
      ? []
      : [`The schema lacks ${pending.length} steps of this release: run \`npm run migrate\`, then \`npm run audit\`.`]),
    ...(report === null ? [] : [report.clean ? 'The books are clean.' : describeReport(report, { quiet: false })]),
  ].join('\n')
}
