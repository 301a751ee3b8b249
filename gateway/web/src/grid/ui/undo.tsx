// The last tap, and taking it back while it has not gone out.

import { useEffect, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { lastOf } from "../../shared/lists";
import { type Desk, held } from "../desk";

export function Undo({ desk }: { desk: Desk }) {
	const last = lastOf(desk.entries.value);
	const [, setNow] = useState(Date.now());
	const holds = last !== undefined && last.state === "waiting" && held(last);
	useEffect(() => {
		setNow(Date.now());
		const timer = setInterval(() => setNow(Date.now()), 500);
		return () => clearInterval(timer);
	}, [last?.seq]);
	return (
		<div class="undo" role="status" hidden={!holds}>
			{holds && (
				<>
					<span>{t(last.what)}</span>
					<button type="button" onClick={() => void desk.undo(last)}>
						{t({ zh: "撤销", en: "Undo" })}
					</button>
				</>
			)}
		</div>
	);
}
