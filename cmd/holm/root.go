package main

import "github.com/spf13/cobra"

// commands are all that holm can do, a noun at a time.
func commands(a *app) []*cobra.Command {
	return []*cobra.Command{
		a.createCommand(), a.lsCommand(), a.showCommand(), a.startCommand(), a.stopCommand(), a.restartCommand(),
		a.exposeCommand(), a.setCommand(), a.resizeCommand(), a.rmCommand(), a.waitCommand(), a.verifyCommand(), a.evidenceCommand(),
		a.rebuildCommand(), a.statsCommand(), a.auditCapsCommand(),
		a.sshCommand(), a.execCommand(), a.consoleCommand(), a.logsCommand(), a.cpCommand(), a.dockerContextCommand(), a.kubeconfigCommand(),
		a.sshConfigCommand(), a.inventoryCommand(),
		a.imageCommand(),
		a.doctorCommand(), a.hostCommand(), a.unlockCommand(), a.poolCommand(), a.tenantCommand(), a.flavorCommand(), a.auditCommand(),
		a.operationCommand(), a.reconcileCommand(),
	}
}
