<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About Warploom</source>
        <translation>Über Warploom</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;Find in the graph</source>
        <translation>Im Graphen &amp;suchen</translation>
    </message>
    <message>
        <source>&amp;ONNX nodes</source>
        <translation>&amp;ONNX-Knoten</translation>
    </message>
    <message>
        <source>From &amp;left to right</source>
        <translation>Von &amp;links nach rechts</translation>
    </message>
    <message>
        <source>Collapse or expand this &amp;block</source>
        <translation>Diesen &amp;Block zu- oder aufklappen</translation>
    </message>
    <message>
        <source>&amp;Collapse all blocks</source>
        <translation>Alle Blöcke &amp;zuklappen</translation>
    </message>
    <message>
        <source>&amp;Expand all blocks</source>
        <translation>Alle Blöcke &amp;aufklappen</translation>
    </message>
    <message>
        <source>Colour by {}</source>
        <translation>Farbe: {}</translation>
    </message>
    <message>
        <source>&amp;Beginning of the graph</source>
        <translation>&amp;Anfang des Graphen</translation>
    </message>
    <message>
        <source>Fit the &amp;graph</source>
        <translation>&amp;Graph einpassen</translation>
    </message>
    <message>
        <source>Zoom &amp;in</source>
        <translation>&amp;Vergrößern</translation>
    </message>
    <message>
        <source>Zoom o&amp;ut</source>
        <translation>Ver&amp;kleinern</translation>
    </message>
    <message>
        <source>Co&amp;py picture</source>
        <translation>Bild &amp;kopieren</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>Ö&amp;ffnen…</translation>
    </message>
    <message>
        <source>Open a model or a recording</source>
        <translation>Ein Modell oder eine Aufzeichnung öffnen</translation>
    </message>
    <message>
        <source>&amp;Save recording as…</source>
        <translation>Aufzeichnung &amp;speichern unter…</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>S&amp;chließen</translation>
    </message>
    <message>
        <source>Back to the start page</source>
        <translation>Zurück zur Startseite</translation>
    </message>
    <message>
        <source>Se&amp;ttings…</source>
        <translation>&amp;Einstellungen…</translation>
    </message>
    <message>
        <source>&amp;New window</source>
        <translation>&amp;Neues Fenster</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>&amp;Find operator</source>
        <translation>Operator &amp;finden</translation>
    </message>
    <message>
        <source>&amp;Command palette</source>
        <translation>&amp;Befehlspalette</translation>
    </message>
    <message>
        <source>&amp;Let go of the selection</source>
        <translation>Auswahl &amp;loslassen</translation>
    </message>
    <message>
        <source>&amp;Timelines</source>
        <translation>&amp;Zeitverläufe</translation>
    </message>
    <message>
        <source>&amp;Operators of both</source>
        <translation>&amp;Operatoren beider</translation>
    </message>
    <message>
        <source>&amp;Schedule</source>
        <translation>&amp;Zeitplan</translation>
    </message>
    <message>
        <source>&amp;Figures</source>
        <translation>&amp;Kennzahlen</translation>
    </message>
    <message>
        <source>&amp;Build log</source>
        <translation>&amp;Protokoll</translation>
    </message>
    <message>
        <source>&amp;Jobs</source>
        <translation>&amp;Aufträge</translation>
    </message>
    <message>
        <source>What runs, waits and is done</source>
        <translation>Was läuft, wartet und fertig ist</translation>
    </message>
    <message>
        <source>Fit &amp;everything</source>
        <translation>Alles &amp;einpassen</translation>
    </message>
    <message>
        <source>&amp;Zoom to selection</source>
        <translation>Auf die Auswahl &amp;zoomen</translation>
    </message>
    <message>
        <source>Colours as the s&amp;ystem</source>
        <translation>Farben wie das S&amp;ystem</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>&amp;Hell</translation>
    </message>
    <message>
        <source>&amp;Dark</source>
        <translation>&amp;Dunkel</translation>
    </message>
    <message>
        <source>&amp;Reset layout</source>
        <translation>Anordnung zu&amp;rücksetzen</translation>
    </message>
    <message>
        <source>&amp;Optimize</source>
        <translation>&amp;Optimieren</translation>
    </message>
    <message>
        <source>Search the fastest schedule</source>
        <translation>Den schnellsten Zeitplan suchen</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>&amp;Abbrechen</translation>
    </message>
    <message>
        <source>Stop; what was found is kept</source>
        <translation>Anhalten; was gefunden wurde, bleibt</translation>
    </message>
    <message>
        <source>&amp;Settings of the run</source>
        <translation>&amp;Einstellungen des Laufs</translation>
    </message>
    <message>
        <source>Limits, search time</source>
        <translation>Grenzen, Suchzeit</translation>
    </message>
    <message>
        <source>Add GPU &amp;host…</source>
        <translation>GPU-&amp;Rechner hinzufügen…</translation>
    </message>
    <message>
        <source>Run on another machine</source>
        <translation>Auf einem anderen Rechner laufen lassen</translation>
    </message>
    <message>
        <source>Open latest &amp;result</source>
        <translation>Neuestes E&amp;rgebnis öffnen</translation>
    </message>
    <message>
        <source>Run stopped jobs a&amp;gain</source>
        <translation>An&amp;gehaltene Aufträge wiederholen</translation>
    </message>
    <message>
        <source>&amp;Restart engine</source>
        <translation>Rechen&amp;prozess neu starten</translation>
    </message>
    <message>
        <source>The timelines as a picture on the clipboard</source>
        <translation>Die Zeitverläufe als Bild in die Zwischenablage</translation>
    </message>
    <message>
        <source>&amp;Copy figure</source>
        <translation>Abbildung &amp;kopieren</translation>
    </message>
    <message>
        <source>Timelines as they are &amp;seen…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Graph as SVG…</source>
        <translation>Graph als SVG…</translation>
    </message>
    <message>
        <source>Graph as PNG…</source>
        <translation>Graph als PNG…</translation>
    </message>
    <message>
        <source>Graph as PDF…</source>
        <translation>Graph als PDF…</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>How to use Warploom</source>
        <translation>Wie man Warploom benutzt</translation>
    </message>
    <message>
        <source>&amp;Shortcuts</source>
        <translation>&amp;Tastenkürzel</translation>
    </message>
    <message>
        <source>Every key of the window</source>
        <translation>Alle Tasten des Fensters</translation>
    </message>
    <message>
        <source>&amp;About Warploom</source>
        <translation>Ü&amp;ber Warploom</translation>
    </message>
</context>
<context>
    <name>BestCurve</name>
    <message>
        <source>Best latency so far</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Best latency so far: {}, at first {}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Command palette</source>
        <translation>Befehlspalette</translation>
    </message>
    <message>
        <source>Command or operator</source>
        <translation>Befehl oder Operator</translation>
    </message>
    <message>
        <source>Search commands and operators</source>
        <translation>Befehle und Operatoren suchen</translation>
    </message>
</context>
<context>
    <name>ComparisonView</name>
    <message>
        <source>Compared with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compared schedule</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show all of the time (Home)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Schedules, counters and overlays that are shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The timelines are on the clipboard.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved {}</source>
        <translation>{} gespeichert</translation>
    </message>
</context>
<context>
    <name>DagColours</name>
    <message>
        <source>convolution</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>transposed convolution</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>matrix product</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Operator type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>even stages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>odd stages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stream {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stream</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Latency</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Active warps</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DagFinder</name>
    <message>
        <source>not valid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} of {}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DagMinimap</name>
    <message>
        <source>Overview of the graph</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DagPanel</name>
    <message>
        <source>What a node of the graph is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fused operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ONNX nodes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What colours mean</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find in the graph (/)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Collapse all blocks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Expand all blocks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lay out from top to bottom</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lay out from left to right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Graph</source>
        <translation>Graph</translation>
    </message>
    <message>
        <source>Colour by</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>operator type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stream</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>latency</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>active warps</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DagSearch</name>
    <message>
        <source>{} (at character {})</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DagSearchBar</name>
    <message>
        <source>Name, type or shape</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find in the graph</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where to look</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>anywhere</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>shape</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Regular expression</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Previous (Shift+Enter)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Next (Enter)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close (Esc)</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DagView</name>
    <message>
        <source>Operator graph</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} operators</source>
        <translation>{} Operatoren</translation>
    </message>
    <message>
        <source>Block {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a model to see its operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Laying out {} operators…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Improving the layout… Esc keeps this one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This graph has no operators</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DeltaRows</name>
    <message>
        <source>Merged with {}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DeltaTable</name>
    <message>
        <source>Operator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Alone, {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change, {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Slowdown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stream</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What it takes with the device to itself, where that is known.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How much longer it takes in the second schedule.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Second schedule over alone: what company, or merging, costs.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stream in the first and in the second schedule.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DeltaView</name>
    <message>
        <source>Filter by name or type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filter the operators of the table</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only what changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy CSV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Operators in both schedules</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} operators</source>
        <translation>{} Operatoren</translation>
    </message>
    <message>
        <source>{} of {}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DockTitle</name>
    <message>
        <source>Hide {}</source>
        <translation>{} ausblenden</translation>
    </message>
</context>
<context>
    <name>EngineClient</name>
    <message>
        <source>The engine speaks version {} of the protocol and this window {}: install both from the same release.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine did not start: {}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine has not answered for {} seconds and was ended.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine process ended unexpectedly ({}).</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>FiguresTable</name>
    <message>
        <source>Figure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unit</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>FiguresView</name>
    <message>
        <source>Figures of all schedules</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>FileDialogs</name>
    <message>
        <source>Open a model or a recording</source>
        <translation>Ein Modell oder eine Aufzeichnung öffnen</translation>
    </message>
    <message>
        <source>Models and recordings (*.onnx *.warploom)</source>
        <translation>Modelle und Aufzeichnungen (*.onnx *.warploom)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
</context>
<context>
    <name>HelpWindow</name>
    <message>
        <source>Warploom help</source>
        <translation>Hilfe zu Warploom</translation>
    </message>
    <message>
        <source>Search the help</source>
        <translation>Die Hilfe durchsuchen</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
    </message>
    <message>
        <source>Help page</source>
        <translation>Hilfeseite</translation>
    </message>
    <message>
        <source>No page holds all of these words.</source>
        <translation>Keine Seite enthält alle diese Wörter.</translation>
    </message>
</context>
<context>
    <name>HostsPage</name>
    <message>
        <source>GPU hosts</source>
        <translation>GPU-Rechner</translation>
    </message>
    <message>
        <source>user@machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>as ssh</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save and test</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>What is known of the host</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Jobs run there over ssh with a key; nothing ever asks for a password.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Address</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>user@machine, or a name of ~/.ssh/config</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Port</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of its ssh server</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>The command that starts Warploom there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ssh program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The program that connects, with options if need be</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not tested yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Warploom {} answers.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This window is of release {}: results may differ.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Asking its doctor…</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Inspector</name>
    <message>
        <source>operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>blocks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>computes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>weights</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Point at an operator to see it here; click to pin it, Esc lets go.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} (simulated)</source>
        <translation>{} (simuliert)</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>multiprocessors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>warps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>clock</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>bandwidth</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suche</translation>
    </message>
    <message>
        <source>asked for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stages costed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>states</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>took</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>created</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shapes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Attributes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fused into</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Repeated in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Operator: {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Operators</source>
        <translation>Operatoren</translation>
    </message>
    <message>
        <source>{} operators</source>
        <translation>{} Operatoren</translation>
    </message>
    <message>
        <source>selected together</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sum of latencies</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Latency, simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Latency</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stream</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} of {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>merged with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>waits for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>grid</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>block</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>registers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>shared memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kernel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kernels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Attributes, {} {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} … ({} in all)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>folded</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ONNX nodes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>of it weights</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>writes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>intensity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Work, {}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>InspectorPanel</name>
    <message>
        <source>Inspector</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Point at an operator to see it here; click to pin it; Esc lets it go.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show {} in the graph</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>JobsPanel</name>
    <message>
        <source>Jobs</source>
        <translation>Aufträge</translation>
    </message>
    <message>
        <source>Open result</source>
        <translation>Ergebnis öffnen</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>Früher</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>Später</translation>
    </message>
    <message>
        <source>Again</source>
        <translation>Nochmals</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>Aufräumen</translation>
    </message>
    <message>
        <source>Remove everything that is over</source>
        <translation>Alles entfernen, was vorbei ist</translation>
    </message>
</context>
<context>
    <name>LanePainter</name>
    <message>
        <source>idle {}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>LogTable</name>
    <message>
        <source>Step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Decision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Warum</translation>
    </message>
</context>
<context>
    <name>LogView</name>
    <message>
        <source>Filter decisions, for example: fused, merged, declined</source>
        <translation>Entscheidungen filtern, zum Beispiel: fused, merged, declined</translation>
    </message>
    <message>
        <source>Filter the build log</source>
        <translation>Das Protokoll filtern</translation>
    </message>
    <message>
        <source>Build log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>{} decisions</source>
        <translation>{} Entscheidungen</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Jobs</source>
        <translation>Aufträge</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>&amp;Zuletzt geöffnet</translation>
    </message>
    <message>
        <source>Search commands   Ctrl+K</source>
        <translation>Befehle suchen   Strg+K</translation>
    </message>
    <message>
        <source>The graph is on the clipboard.</source>
        <translation>Der Graph ist in der Zwischenablage.</translation>
    </message>
    <message>
        <source>Save the recording</source>
        <translation>Die Aufzeichnung speichern</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportieren</translation>
    </message>
    <message>
        <source>Export the graph</source>
        <translation>Den Graphen exportieren</translation>
    </message>
    <message>
        <source>Saved {}</source>
        <translation>{} gespeichert</translation>
    </message>
    <message>
        <source>Save the timelines</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Menus</name>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Graph</source>
        <translation>&amp;Graph</translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation>&amp;Lauf</translation>
    </message>
    <message>
        <source>E&amp;xport</source>
        <translation>E&amp;xport</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Details of the message</source>
        <translation>Einzelheiten der Meldung</translation>
    </message>
</context>
<context>
    <name>OperatorPanel</name>
    <message>
        <source>Filter by name or type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filter operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Operators</source>
        <translation>Operatoren</translation>
    </message>
</context>
<context>
    <name>OperatorTree</name>
    <message>
        <source>Block {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} operators; the time that passes for all of them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Operator</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ProgressStrip</name>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>{} waiting</source>
        <translation>{} warten</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>{} operators</source>
        <translation>{} Operatoren</translation>
    </message>
    <message>
        <source>Stopping; what was found is kept</source>
        <translation>Hält an; was gefunden wurde, bleibt</translation>
    </message>
    <message>
        <source>Exporting {}</source>
        <translation>Exportiert {}</translation>
    </message>
    <message>
        <source>Drawing the figure</source>
        <translation>Zeichnet die Abbildung</translation>
    </message>
    <message>
        <source>Trying {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Building {}</source>
        <translation>Erzeugt {}</translation>
    </message>
    <message>
        <source>Importing {}</source>
        <translation>Importiert {}</translation>
    </message>
    <message>
        <source>Searching: {}</source>
        <translation>Sucht: {}</translation>
    </message>
    <message>
        <source>Searching</source>
        <translation>Sucht</translation>
    </message>
    <message>
        <source>Comparing outputs with the original model</source>
        <translation>Vergleicht die Ausgaben mit dem ursprünglichen Modell</translation>
    </message>
    <message>
        <source>Measuring</source>
        <translation>Misst</translation>
    </message>
    <message>
        <source>Recording timelines</source>
        <translation>Zeichnet Zeitverläufe auf</translation>
    </message>
    <message>
        <source>Saving</source>
        <translation>Speichert</translation>
    </message>
    <message>
        <source>Sending {} to {}</source>
        <translation>Schickt {} an {}</translation>
    </message>
    <message>
        <source>Fetching the recording from {}</source>
        <translation>Holt die Aufzeichnung von {}</translation>
    </message>
    <message>
        <source>Working on {}</source>
        <translation>Arbeitet an {}</translation>
    </message>
    <message>
        <source>block {} of {}</source>
        <translation>Block {} von {}</translation>
    </message>
    <message>
        <source>{} stages costed</source>
        <translation>{} Stufen bewertet</translation>
    </message>
    <message>
        <source>best {}</source>
        <translation>bisher {}</translation>
    </message>
</context>
<context>
    <name>RangePanel</name>
    <message>
        <source>Copy text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy CSV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Let go of the chosen time (Esc)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Statistics of the chosen time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} chosen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{}: {} spans, {} active warps on average, idle {} %</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>RangeTable</name>
    <message>
        <source>Spans count as far as they lie in the chosen time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>Zeitplan</translation>
    </message>
    <message>
        <source>Type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stream</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Count</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Sum {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mean {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Min {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Max {}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>RecordingCard</name>
    <message>
        <source>{} (simulated)</source>
        <translation>{} (simuliert)</translation>
    </message>
</context>
<context>
    <name>RunBar</name>
    <message>
        <source>Run settings</source>
        <translation>Einstellungen des Laufs</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Optimize</source>
        <translation>Optimieren</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>Batch size; the first value leaves it as the model says</source>
        <translation>Batchgröße; der erste Wert lässt sie, wie das Modell sie nennt</translation>
    </message>
    <message>
        <source>as saved</source>
        <translation>wie im Modell</translation>
    </message>
    <message>
        <source>Which schedules the search may build</source>
        <translation>Welche Zeitpläne die Suche bauen darf</translation>
    </message>
    <message>
        <source>best of all</source>
        <translation>bester von allen</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation>Batch</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suche</translation>
    </message>
    <message>
        <source>looking for devices</source>
        <translation>sucht Geräte</translation>
    </message>
    <message>
        <source>Add GPU host…</source>
        <translation>GPU-Rechner hinzufügen…</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>Hält an…</translation>
    </message>
</context>
<context>
    <name>RunOptions</name>
    <message>
        <source>{} (not tested)</source>
        <translation>{} (nicht geprüft)</translation>
    </message>
    <message>
        <source>Test the connection in the settings</source>
        <translation>Die Verbindung in den Einstellungen prüfen</translation>
    </message>
    <message>
        <source>{} (simulated)</source>
        <translation>{} (simuliert)</translation>
    </message>
</context>
<context>
    <name>RunSettings</name>
    <message>
        <source>Settings of the next run</source>
        <translation>Einstellungen des nächsten Laufs</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>ohne Grenze</translation>
    </message>
    <message>
        <source> s</source>
        <translation> s</translation>
    </message>
    <message>
        <source> ns</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare outputs with the original model</source>
        <translation>Ausgaben mit dem ursprünglichen Modell vergleichen</translation>
    </message>
    <message>
        <source>Group limit r</source>
        <translation>Gruppengrenze r</translation>
    </message>
    <message>
        <source>The most operators that a group may have</source>
        <translation>Wie viele Operatoren eine Gruppe höchstens hat</translation>
    </message>
    <message>
        <source>Stage limit s</source>
        <translation>Stufengrenze s</translation>
    </message>
    <message>
        <source>The most groups that a stage may have</source>
        <translation>Wie viele Gruppen eine Stufe höchstens hat</translation>
    </message>
    <message>
        <source>Search time</source>
        <translation>Suchzeit</translation>
    </message>
    <message>
        <source>The search ends after this time with its best</source>
        <translation>Nach dieser Zeit endet die Suche mit ihrem Besten</translation>
    </message>
    <message>
        <source>Measurements</source>
        <translation>Messungen</translation>
    </message>
    <message>
        <source>How often each schedule is measured</source>
        <translation>Wie oft jeder Zeitplan gemessen wird</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time between two samples of active warps on a GPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Defaults</source>
        <translation>Vorgaben</translation>
    </message>
    <message>
        <source>Next run</source>
        <translation>Nächster Lauf</translation>
    </message>
    <message>
        <source>This search: {}.</source>
        <translation>Diese Suche: {}.</translation>
    </message>
</context>
<context>
    <name>Runner</name>
    <message>
        <source>The work on {} ended with the engine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The model file {} is not there any more: open it from where it is now.</source>
        <translation>Die Modelldatei {} ist nicht mehr da: bitte dort öffnen, wo sie jetzt ist.</translation>
    </message>
    <message>
        <source>The search was stopped early.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine did not stop in time and was ended; the next run starts a fresh one.</source>
        <translation>Der Rechenprozess hielt nicht rechtzeitig an und wurde beendet; der nächste Lauf startet einen neuen.</translation>
    </message>
</context>
<context>
    <name>ScheduleEditor</name>
    <message>
        <source>move to stage {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>move to a new stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>merge stages {} and {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>split stage {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>move to stream {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>drop the barriers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>merge {} operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>part a merged operator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This schedule has no stages: move launches between its streams instead.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ScheduleLanes</name>
    <message>
        <source>Streams of the schedule</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Arrow keys choose a launch; with Alt they move it to another stream or stage.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stage {}, stream {}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ScheduleTree</name>
    <message>
        <source>{} groups</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>one group</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stage {} · {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>merged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>group {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stream {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>Zeitplan</translation>
    </message>
    <message>
        <source>alone, µs</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ScheduleView</name>
    <message>
        <source>Schedule to edit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The schedule that the edits start from</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Redo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Merge with next stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Split stage here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Own stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Merge operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Part</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drop barriers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stages, groups and operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name of the edited schedule</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device that the edited schedule runs on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On another device every schedule of the recording runs again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Runs the edited schedule beside the others and keeps it under this name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>on {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>edited</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo: {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Redo: {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} stages, </source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{}{} streams, at least {}: nothing slows anything down in this picture</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Session</name>
    <message>
        <source>{} is not a file on this machine: download it first, then drop it.</source>
        <translation>{} ist keine Datei auf diesem Rechner: erst herunterladen, dann ablegen.</translation>
    </message>
    <message>
        <source> {} more were dropped with it.</source>
        <translation> {} weitere wurden mit abgelegt.</translation>
    </message>
    <message>
        <source>Opened {}; one file is shown at a time.</source>
        <translation>{} ist geöffnet; gezeigt wird immer nur eine Datei.</translation>
    </message>
    <message>
        <source>The model file {} is not there any more: open it from where it is now.</source>
        <translation>Die Modelldatei {} ist nicht mehr da: bitte dort öffnen, wo sie jetzt ist.</translation>
    </message>
    <message>
        <source>{} waits in the list of jobs.</source>
        <translation>{} wartet in der Liste der Aufträge.</translation>
    </message>
    <message>
        <source>{} models are in the list of jobs.</source>
        <translation>{} Modelle sind in der Liste der Aufträge.</translation>
    </message>
    <message>
        <source>Stopped before there was anything to show.</source>
        <translation>Angehalten, bevor es etwas zu zeigen gab.</translation>
    </message>
    <message>
        <source>The window ended before this run did.</source>
        <translation>Das Fenster endete vor diesem Lauf.</translation>
    </message>
    <message>
        <source>Warploom ended unexpectedly while {} runs were not done: they are in the list of jobs.</source>
        <translation>Warploom endete unerwartet, als {} Läufe nicht fertig waren: sie stehen in der Liste der Aufträge.</translation>
    </message>
    <message>
        <source>Warploom ended unexpectedly; what was open is open again.</source>
        <translation>Warploom endete unerwartet; was offen war, ist wieder offen.</translation>
    </message>
    <message>
        <source>Something is being done already: wait for it, or cancel it first.</source>
        <translation>Es läuft schon etwas: bitte warten oder es erst abbrechen.</translation>
    </message>
    <message>
        <source>Saved {}</source>
        <translation>{} gespeichert</translation>
    </message>
    <message>
        <source>The work on {} is lost.</source>
        <translation>Die Arbeit an {} ist verloren.</translation>
    </message>
    <message>
        <source>What is open stays.</source>
        <translation>Was offen ist, bleibt.</translation>
    </message>
    <message>
        <source>The engine has not answered for {} seconds. It may be busy; a restart ends what it does.</source>
        <translation>Der Rechenprozess hat seit {} Sekunden nicht geantwortet. Vielleicht ist er beschäftigt; ein Neustart beendet, was er tut.</translation>
    </message>
    <message>
        <source>The engine did not stop in time and was ended; the next run starts a fresh one.</source>
        <translation>Der Rechenprozess hielt nicht rechtzeitig an und wurde beendet; der nächste Lauf startet einen neuen.</translation>
    </message>
    <message>
        <source>The search was stopped; the best schedule found so far is shown.</source>
        <translation>Die Suche wurde angehalten; gezeigt wird der beste Zeitplan bis dahin.</translation>
    </message>
    <message>
        <source>{} is optimized.</source>
        <translation>{} ist optimiert.</translation>
    </message>
    <message>
        <source>{} failed: {}</source>
        <translation>{} ist gescheitert: {}</translation>
    </message>
    <message>
        <source>{} more wait.</source>
        <translation>{} weitere warten.</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>General</source>
        <translation>Allgemein</translation>
    </message>
    <message>
        <source>Recordings</source>
        <translation>Aufzeichnungen</translation>
    </message>
    <message>
        <source>GPU hosts</source>
        <translation>GPU-Rechner</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Tell me when long work ends in the background</source>
        <translation>Melden, wenn lange Arbeit im Hintergrund endet</translation>
    </message>
    <message>
        <source> s</source>
        <translation> s</translation>
    </message>
    <message>
        <source>After a crash, open again what was open</source>
        <translation>Nach einem Absturz wieder öffnen, was offen war</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>Farben</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Another language shows after a restart.</source>
        <translation>Eine andere Sprache zeigt sich nach einem Neustart.</translation>
    </message>
    <message>
        <source>Long is more than</source>
        <translation>Lang ist mehr als</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Wählen…</translation>
    </message>
    <message>
        <source> GB</source>
        <translation> GB</translation>
    </message>
    <message>
        <source>Remove the oldest now</source>
        <translation>Die ältesten jetzt entfernen</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Keep at most</source>
        <translation>Höchstens behalten</translation>
    </message>
    <message>
        <source>Together at most</source>
        <translation>Zusammen höchstens</translation>
    </message>
    <message>
        <source>What runs in this window is recorded here. The oldest recordings go first.</source>
        <translation>Was in diesem Fenster läuft, wird hier aufgezeichnet. Die ältesten Aufzeichnungen gehen zuerst.</translation>
    </message>
    <message>
        <source>The folder for recordings</source>
        <translation>Der Ordner für Aufzeichnungen</translation>
    </message>
</context>
<context>
    <name>ShortcutSheet</name>
    <message>
        <source>Timelines</source>
        <translation>Zeitverläufe</translation>
    </message>
    <message>
        <source>Zoom in or out</source>
        <translation>Vergrößern oder verkleinern</translation>
    </message>
    <message>
        <source>Earlier or later</source>
        <translation>Früher oder später</translation>
    </message>
    <message>
        <source>The stream above or below</source>
        <translation>Der Stream darüber oder darunter</translation>
    </message>
    <message>
        <source>Wheel</source>
        <translation>Rad</translation>
    </message>
    <message>
        <source>Zoom at the pointer</source>
        <translation>Am Zeiger zoomen</translation>
    </message>
    <message>
        <source>Graph</source>
        <translation>Graph</translation>
    </message>
    <message>
        <source>Zoom in or out at the pointer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the selection, or the chosen time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show all of the time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The span before or after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Along the data: where it comes from, where it goes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Place a mark; between two of them, the time is measured</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Statistics of what is marked, selected or seen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Critical path</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dependencies of the selected operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl+Wheel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom at the pointer; without Ctrl where nothing scrolls</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shift+Wheel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shift+Drag</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Statistics of a stretch of time; a drag on the axis, too</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>To a neighbour of the selected operator</source>
        <translation>Zu einem Nachbarn des gewählten Operators</translation>
    </message>
    <message>
        <source>To the first or the last operator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Expand the block, or show the operator large</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Space</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Collapse or expand the block</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Find: Enter for the next, Shift+Enter for the previous</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fused operators or ONNX nodes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fit everything, actual size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl+Click</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add to the selection, or take away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Double click</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drag</source>
        <translation>Ziehen</translation>
    </message>
    <message>
        <source>Move the picture</source>
        <translation>Das Bild verschieben</translation>
    </message>
    <message>
        <source>Lists</source>
        <translation>Listen</translation>
    </message>
    <message>
        <source>Open, or lead to it</source>
        <translation>Öffnen oder hinführen</translation>
    </message>
    <message>
        <source>To the next or the previous control</source>
        <translation>Zum nächsten oder vorigen Bedienelement</translation>
    </message>
    <message>
        <source>What can be done here</source>
        <translation>Was hier getan werden kann</translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Filter shortcuts</source>
        <translation>Tastenkürzel filtern</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
</context>
<context>
    <name>StartPage</name>
    <message>
        <source>Recent</source>
        <translation>Zuletzt</translation>
    </message>
    <message>
        <source>Recorded on a GPU</source>
        <translation>Auf einer GPU aufgezeichnet</translation>
    </message>
    <message>
        <source>Sample models</source>
        <translation>Beispielmodelle</translation>
    </message>
    <message>
        <source>Open {}</source>
        <translation>{} öffnen</translation>
    </message>
    <message>
        <source>Drop an ONNX model here</source>
        <translation>Ein ONNX-Modell hier ablegen</translation>
    </message>
    <message>
        <source>Then press Optimize: Warploom searches how its operators run best side by side, and shows both timelines. A recording (.warploom) opens as it was saved.</source>
        <translation>Dann auf Optimieren drücken: Warploom sucht, wie seine Operatoren am besten nebeneinander laufen, und zeigt beide Zeitverläufe. Eine Aufzeichnung (.warploom) öffnet sich, wie sie gespeichert wurde.</translation>
    </message>
    <message>
        <source>Open a file…</source>
        <translation>Eine Datei öffnen…</translation>
    </message>
    <message>
        <source>Looking for devices…</source>
        <translation>Sucht Geräte…</translation>
    </message>
    <message>
        <source>Runs on {} (simulated).</source>
        <translation>Läuft auf {} (simuliert).</translation>
    </message>
    <message>
        <source>Runs on {}.</source>
        <translation>Läuft auf {}.</translation>
    </message>
</context>
<context>
    <name>TaskTable</name>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Speedup</source>
        <translation>Gewinn</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>running</source>
        <translation>läuft</translation>
    </message>
    <message>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>gescheitert</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
</context>
<context>
    <name>TimelineCanvas</name>
    <message>
        <source>Timelines</source>
        <translation>Zeitverläufe</translation>
    </message>
</context>
<context>
    <name>TimelineKeys</name>
    <message>
        <source>W and S zoom, A and D move, F shows the selection, Home everything. The arrow keys walk from span to span, [ and ] along dependencies. M marks, R chooses what lies between the marks (or the selection). P shows the critical path, L dependencies.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>TimelineMenu</name>
    <message>
        <source>&amp;Schedules</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Counters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy &amp;figure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save fi&amp;gure…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move &amp;up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Move &amp;down</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Hide</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare &amp;everything with this</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare th&amp;is with {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Counters (none recorded)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Critical &amp;path</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Dependencies of the selection</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show &amp;all of the time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Zoom to the selection</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose what is seen, or &amp;marked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Let go of marks and time</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>TrackFacts</name>
    <message>
        <source>simulated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>estimated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>measured</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a model of the device made this</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>kernels placed by what each takes alone</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} by the profiler</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>first fork late</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>warps modelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>only stages timed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} of warps in no stream</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>streams&apos; shares ±{}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a sample every {} µs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>clocks ±{} ns</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>TrackPainter</name>
    <message>
        <source>active warps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>to {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in no stream</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>critical path: {} launches, {}, of it {} between them</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>TrackTip</name>
    <message>
        <source>, stage {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} from {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} registers, {} shared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tracing delayed its start (first fork).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>idle for {}, {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} waited for {}, which ended {} before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{} active warps, {} % of what the device holds</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Verdict</name>
    <message>
        <source>active warps {} → {} ({})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{}, {}, batch {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>as fast</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{}× faster</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{}× slower</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>VerdictBar</name>
    <message>
        <source>SIMULATED</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>TIMELINES ESTIMATED</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A model of the device made these figures; no hardware was measured.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Latencies are measured; spans and warps are placed by what each kernel takes alone.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>WhyPanel</name>
    <message>
        <source>Why</source>
        <translation>Warum</translation>
    </message>
    <message>
        <source>Optimize a model to see where time is won, and where it is lost.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>WindowDialogs</name>
    <message>
        <source>Help: {}</source>
        <translation>Hilfe: {}</translation>
    </message>
    <message>
        <source>Open sample {}</source>
        <translation>Beispiel {} öffnen</translation>
    </message>
</context>
<context>
    <name>Workbench</name>
    <message>
        <source>Timelines</source>
        <translation>Zeitverläufe</translation>
    </message>
    <message>
        <source>Operators</source>
        <translation>Operatoren</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>Zeitplan</translation>
    </message>
    <message>
        <source>Figures</source>
        <translation>Kennzahlen</translation>
    </message>
    <message>
        <source>Build log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Inspector</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Warum</translation>
    </message>
    <message>
        <source>Results</source>
        <translation>Ergebnisse</translation>
    </message>
    <message>
        <source>Both schedules take the same time everywhere.</source>
        <translation>Beide Zeitpläne brauchen überall dieselbe Zeit.</translation>
    </message>
</context>
<context>
    <name>view</name>
    <message>
        <source>Show fused operators</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show ONNX nodes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lay out from top to bottom</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lay out from left to right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Collapse all blocks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Expand all blocks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Expand {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Collapse {}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show its ONNX nodes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show its operator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy name</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
