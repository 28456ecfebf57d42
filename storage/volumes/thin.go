package volumes

import "holm/internal/fault"

func openThin(string) (Backend, error) {
	return nil, fault.New(fault.Unfit, "use --backend qcow2 or reflink", "volumes in a thin pool of LVM are not possible yet")
}
