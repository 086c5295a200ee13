import { readdirSync, readFileSync } from 'node:fs'

/** CPU time used so far by a server with its workers, and by the database where it is a process of its own. */
export function cpuSeconds(serverPid: number): { server: number; database: number } {
  let serverTicks = 0
  let databaseTicks = 0
  for (const pid of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const ticks = Number(fields[11]) + Number(fields[12])
      if (Number(pid) === serverPid || Number(fields[1]) === serverPid) serverTicks += ticks
      else if (/mariadbd|mysqld/.test(name)) databaseTicks += ticks
    } catch {
      // The process ended between the listing and the look.
    }
  }
  return { server: serverTicks / 100, database: databaseTicks / 100 }
}
