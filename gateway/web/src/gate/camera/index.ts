// The guard's eyes: a camera, a photo where there is none, or a scanner in the hand.
import { CameraScanner } from "./scanner";

export { wedge } from "./wedge";

/**
 * A scanner by the page's camera. A code is new once it has been out of view for
 * 3 s; time spent paused counts as in view up to 20 s, so whoever still holds a
 * code up when a verdict is put away is not scanned again. forget makes the same
 * codes new at once.
 */
export function createScanner(): CameraScanner {
	return new CameraScanner();
}
