// Residents: found by document, phone or whole name, or browsed by site.
import { useEffect, useMemo, useState } from "preact/hooks";
import { lines } from "../../desk/call";
import { go, href, refine, route } from "../../desk/router";
import { may } from "../../desk/session";
import { siteName, statusWord } from "../../desk/town";
import { FindPerson } from "../../desk/ui/findperson";
import { Chip, Empty, Problem } from "../../desk/ui/parts";
import { Pick } from "../../desk/ui/pick";
import { type Column, Table } from "../../desk/ui/table";
import { statusTones, wordOf } from "../../desk/words";
import { t } from "../../shared/i18n";
import { byDoor, homeOptions } from "./homes";
import { NewHome } from "./newhome";
import { Person } from "./person";
import type { Resident } from "./types";
import { kindWords, tail } from "./words";
import "./people.css";

export default function Residents() {
	const [, id] = route.value.path;
	if (id === "new") {
		return <NewHome />;
	}
	return id ? <Person key={id} id={id} /> : <Look />;
}

function Look() {
	const site = route.value.query.get("site") ?? "";
	return (
		<>
			<header class="screenhead">
				<h1>{t({ zh: "居民", en: "Residents" })}</h1>
				{may("enroller") && <a href={href("residents/new")}>{t({ zh: "登记一户", en: "Enrol a household" })}</a>}
				{may("enroller") && <a href={href("import")}>{t({ zh: "导入名册", en: "Import a list" })}</a>}
			</header>
			<FindPerson onFound={(p) => go(["residents", p.id])} />
			{may("enroller") && (
				<section class="people-browse">
					<Pick
						label={t({ zh: "或按村居浏览", en: "Or browse a village or compound" })}
						value={site}
						options={homeOptions()}
						onPick={(code) => refine({ site: code })}
					/>
					{site && <Browse key={site} site={site} />}
				</section>
			)}
		</>
	);
}

/** Everybody who lives at a site, as the list comes in. */
function Browse({ site }: { site: string }) {
	const [rows, setRows] = useState<Resident[]>([]);
	const [busy, setBusy] = useState(true);
	const [error, setError] = useState<unknown>(null);
	const [turn, setTurn] = useState(0);
	const [wanted, setWanted] = useState("");
	useEffect(() => {
		const stop = new AbortController();
		setRows([]);
		setError(null);
		setBusy(true);
		let all: Resident[] = [];
		lines<Resident>("/v1/residents", { query: { site }, signal: stop.signal }, (more) => {
			all = all.concat(more);
			setRows(all);
		})
			.catch((cause: unknown) => !stop.signal.aborted && setError(cause))
			.finally(() => !stop.signal.aborted && setBusy(false));
		return () => stop.abort();
	}, [site, turn]);
	const sorted = useMemo(() => [...rows].sort((a, b) => byDoor(a.door, b.door)), [rows]);
	const shown = useMemo(() => {
		const text = wanted.trim();
		return text === "" ? sorted : sorted.filter((p) => `${p.door} ${p.name}`.includes(text));
	}, [sorted, wanted]);
	const homes = useMemo(() => new Set(rows.filter((p) => p.door).map((p) => p.door)).size, [rows]);
	return (
		<>
			<label class="field">
				<span>{t({ zh: "姓名或门牌", en: "Name or door" })}</span>
				<input type="search" autocomplete="off" value={wanted} onInput={(e) => setWanted(e.currentTarget.value)} />
			</label>
			<a href={href("sheets", { site })}>{t({ zh: "打印通行证", en: "Print passes" })}</a>
			<Problem cause={error} retry={() => setTurn(turn + 1)} />
			<Table
				label={t({ zh: `${siteName(site)}居民`, en: `Residents of ${siteName(site)}` })}
				columns={columns()}
				rows={shown}
				rowKey={(p) => p.id}
				onOpen={(p) => go(["residents", p.id])}
				empty={busy ? <Empty>{t({ zh: "读取中…", en: "Loading…" })}</Empty> : undefined}
				foot={t({
					zh: `${shown.length} 人，全村居 ${rows.length} 人 ${homes} 户${busy ? "，读取中…" : ""}`,
					en: `${shown.length} of ${rows.length} people in ${homes} homes${busy ? ", loading…" : ""}`,
				})}
			/>
		</>
	);
}

const columns = (): Column<Resident>[] => [
	{
		key: "door",
		title: t({ zh: "门牌", en: "Door" }),
		width: "9rem",
		cell: (p) => p.door || <small>{t({ zh: "未填", en: "none" })}</small>,
	},
	{
		key: "name",
		title: t({ zh: "姓名", en: "Name" }),
		cell: (p) => <a href={href(["residents", p.id])}>{p.name}</a>,
		sort: (p) => p.name,
	},
	{
		key: "status",
		title: t({ zh: "状态", en: "Status" }),
		width: "7rem",
		cell: (p) => <Chip tone={statusTones[p.status]}>{statusWord(p.status)}</Chip>,
		sort: (p) => p.status,
	},
	{ key: "id", title: t({ zh: "证件号", en: "ID number" }), width: "7rem", cell: (p) => tail(p.id_number), wide: true },
	{ key: "phone", title: t({ zh: "手机号", en: "Phone" }), width: "7rem", cell: (p) => tail(p.phone), wide: true },
	{
		key: "kind",
		title: t({ zh: "类别", en: "Kind" }),
		width: "6rem",
		cell: (p) => wordOf(kindWords, p.kind),
		sort: (p) => p.kind,
		wide: true,
	},
];
