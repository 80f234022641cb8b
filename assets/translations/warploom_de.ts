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
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>Take the last edit of the schedule back</source>
        <translation>Die letzte Änderung am Zeitplan zurücknehmen</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>&amp;Wiederholen</translation>
    </message>
    <message>
        <source>Bring the edit back</source>
        <translation>Die Änderung wiederherstellen</translation>
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
        <source>Run the schedule that was edited by hand</source>
        <translation>Den von Hand geänderten Zeitplan ausführen</translation>
    </message>
    <message>
        <source>&amp;Try the edited schedule</source>
        <translation>&amp;Geänderten Zeitplan ausprobieren</translation>
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
        <source>&amp;Graph</source>
        <translation>&amp;Graph</translation>
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
        <translation>Zeitverläufe, wie sie zu sehen &amp;sind …</translation>
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
        <source>&amp;Report</source>
        <translation>&amp;Bericht</translation>
    </message>
    <message>
        <source>&amp;Tables</source>
        <translation>&amp;Tabellen</translation>
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
        <translation>Beste Latenz bisher</translation>
    </message>
    <message>
        <source>Best latency so far: {}, at first {}</source>
        <translation>Beste Latenz bisher: {}, anfangs {}</translation>
    </message>
</context>
<context>
    <name>CalibrationRow</name>
    <message>
        <source>×</source>
        <translation>×</translation>
    </message>
    <message>
        <source>Calibrate with random inputs</source>
        <translation>Mit zufälligen Eingaben kalibrieren</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Wählen…</translation>
    </message>
    <message>
        <source>A folder of .npy files with inputs of the model</source>
        <translation>Ein Ordner mit .npy-Dateien voller Eingaben des Modells</translation>
    </message>
    <message>
        <source>Calibration folder: {}</source>
        <translation>Kalibrierordner: {}</translation>
    </message>
    <message>
        <source>random inputs</source>
        <translation>zufällige Eingaben</translation>
    </message>
    <message>
        <source>Calibration data</source>
        <translation>Kalibrierdaten</translation>
    </message>
</context>
<context>
    <name>Chores</name>
    <message>
        <source>Something is being done already: wait for it, or cancel it first.</source>
        <translation>Es läuft schon etwas: bitte warten oder es erst abbrechen.</translation>
    </message>
    <message>
        <source>Stopped before there was anything to show.</source>
        <translation>Angehalten, bevor es etwas zu zeigen gab.</translation>
    </message>
    <message>
        <source>Saved {}</source>
        <translation>{} gespeichert</translation>
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
    <message>
        <source>Nothing is called “{}”.</source>
        <translation>Nichts heißt „{}“.</translation>
    </message>
</context>
<context>
    <name>CommandRunner</name>
    <message>
        <source>The command ended unexpectedly (exit code {}).</source>
        <translation>Der Befehl endete unerwartet (Exit-Code {}).</translation>
    </message>
    <message>
        <source>The command did not start: {}.</source>
        <translation>Der Befehl startete nicht: {}.</translation>
    </message>
</context>
<context>
    <name>ComparisonView</name>
    <message>
        <source>Compared with</source>
        <translation>Verglichen mit</translation>
    </message>
    <message>
        <source>Compared schedule</source>
        <translation>Verglichener Zeitplan</translation>
    </message>
    <message>
        <source>Show all of the time (Home)</source>
        <translation>Die ganze Zeit zeigen (Pos1)</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Zeigen</translation>
    </message>
    <message>
        <source>Schedules, counters and overlays that are shown</source>
        <translation>Gezeigte Zeitpläne, Zähler und Einblendungen</translation>
    </message>
    <message>
        <source>with</source>
        <translation>mit</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleiche</translation>
    </message>
    <message>
        <source>The timelines are on the clipboard.</source>
        <translation>Die Zeitverläufe sind in der Zwischenablage.</translation>
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
        <translation>Faltung</translation>
    </message>
    <message>
        <source>transposed convolution</source>
        <translation>transponierte Faltung</translation>
    </message>
    <message>
        <source>matrix product</source>
        <translation>Matrixprodukt</translation>
    </message>
    <message>
        <source>depthwise</source>
        <translation>tiefenweise</translation>
    </message>
    <message>
        <source>separable</source>
        <translation>separierbar</translation>
    </message>
    <message>
        <source>pool</source>
        <translation>Pooling</translation>
    </message>
    <message>
        <source>norm</source>
        <translation>Normierung</translation>
    </message>
    <message>
        <source>reduce</source>
        <translation>Reduktion</translation>
    </message>
    <message>
        <source>pointwise</source>
        <translation>elementweise</translation>
    </message>
    <message>
        <source>concat</source>
        <translation>Verkettung</translation>
    </message>
    <message>
        <source>copy</source>
        <translation>Kopie</translation>
    </message>
    <message>
        <source>view</source>
        <translation>Sicht</translation>
    </message>
    <message>
        <source>resize</source>
        <translation>Größenänderung</translation>
    </message>
    <message>
        <source>gather</source>
        <translation>Auswahl</translation>
    </message>
    <message>
        <source>sort</source>
        <translation>Sortierung</translation>
    </message>
    <message>
        <source>other</source>
        <translation>anderes</translation>
    </message>
    <message>
        <source>Operator type</source>
        <translation>Operatortyp</translation>
    </message>
    <message>
        <source>even stages</source>
        <translation>gerade Stufen</translation>
    </message>
    <message>
        <source>odd stages</source>
        <translation>ungerade Stufen</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>odd episodes</source>
        <translation>ungerade Episoden</translation>
    </message>
    <message>
        <source>even episodes</source>
        <translation>gerade Episoden</translation>
    </message>
    <message>
        <source>No stages: episodes</source>
        <translation>Keine Stufen: Episoden</translation>
    </message>
    <message>
        <source>stream {}</source>
        <translation>Stream {}</translation>
    </message>
    <message>
        <source>Stream</source>
        <translation>Stream</translation>
    </message>
    <message>
        <source>Latency</source>
        <translation>Latenz</translation>
    </message>
    <message>
        <source>Active warps</source>
        <translation>Aktive Warps</translation>
    </message>
</context>
<context>
    <name>DagDisplay</name>
    <message>
        <source>Open a model to see its operators</source>
        <translation>Öffnen Sie ein Modell, um seine Operatoren zu sehen</translation>
    </message>
    <message>
        <source>Laying out {} operators…</source>
        <translation>{} Operatoren werden angeordnet …</translation>
    </message>
    <message>
        <source>Improving the layout… Esc keeps this one.</source>
        <translation>Anordnung wird verbessert … Esc behält diese.</translation>
    </message>
    <message>
        <source>This graph has no operators</source>
        <translation>Dieser Graph hat keine Operatoren</translation>
    </message>
</context>
<context>
    <name>DagFinder</name>
    <message>
        <source>not valid</source>
        <translation>ungültig</translation>
    </message>
    <message>
        <source>none found</source>
        <translation>nichts gefunden</translation>
    </message>
    <message>
        <source>{} found</source>
        <translation>{} gefunden</translation>
    </message>
    <message>
        <source>{} of {}</source>
        <translation>{} von {}</translation>
    </message>
</context>
<context>
    <name>DagMinimap</name>
    <message>
        <source>Overview of the graph</source>
        <translation>Überblick über den Graphen</translation>
    </message>
</context>
<context>
    <name>DagPanel</name>
    <message>
        <source>What a node of the graph is</source>
        <translation>Was ein Knoten des Graphen ist</translation>
    </message>
    <message>
        <source>fused operators</source>
        <translation>verschmolzene Operatoren</translation>
    </message>
    <message>
        <source>ONNX nodes</source>
        <translation>ONNX-Knoten</translation>
    </message>
    <message>
        <source>What colours mean</source>
        <translation>Was Farben bedeuten</translation>
    </message>
    <message>
        <source>Find in the graph (/)</source>
        <translation>Im Graphen suchen (/)</translation>
    </message>
    <message>
        <source>Collapse all blocks</source>
        <translation>Alle Blöcke einklappen</translation>
    </message>
    <message>
        <source>Expand all blocks</source>
        <translation>Alle Blöcke ausklappen</translation>
    </message>
    <message>
        <source>Lay out from top to bottom</source>
        <translation>Von oben nach unten anordnen</translation>
    </message>
    <message>
        <source>Lay out from left to right</source>
        <translation>Von links nach rechts anordnen</translation>
    </message>
    <message>
        <source>Graph</source>
        <translation>Graph</translation>
    </message>
    <message>
        <source>Colour by</source>
        <translation>Farbe nach</translation>
    </message>
    <message>
        <source>operator type</source>
        <translation>Operatortyp</translation>
    </message>
    <message>
        <source>stream</source>
        <translation>Stream</translation>
    </message>
    <message>
        <source>stage</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>latency</source>
        <translation>Latenz</translation>
    </message>
    <message>
        <source>active warps</source>
        <translation>aktive Warps</translation>
    </message>
</context>
<context>
    <name>DagSearch</name>
    <message>
        <source>{} (at character {})</source>
        <translation>{} (bei Zeichen {})</translation>
    </message>
</context>
<context>
    <name>DagSearchBar</name>
    <message>
        <source>Name, type or shape</source>
        <translation>Name, Typ oder Form</translation>
    </message>
    <message>
        <source>Find in the graph</source>
        <translation>Im Graphen suchen</translation>
    </message>
    <message>
        <source>Where to look</source>
        <translation>Wo gesucht wird</translation>
    </message>
    <message>
        <source>anywhere</source>
        <translation>überall</translation>
    </message>
    <message>
        <source>name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>type</source>
        <translation>Typ</translation>
    </message>
    <message>
        <source>shape</source>
        <translation>Form</translation>
    </message>
    <message>
        <source>Regular expression</source>
        <translation>Regulärer Ausdruck</translation>
    </message>
    <message>
        <source>Previous (Shift+Enter)</source>
        <translation>Vorheriger (Umschalt+Eingabe)</translation>
    </message>
    <message>
        <source>Next (Enter)</source>
        <translation>Nächster (Eingabe)</translation>
    </message>
    <message>
        <source>Close (Esc)</source>
        <translation>Schließen (Esc)</translation>
    </message>
</context>
<context>
    <name>DagView</name>
    <message>
        <source>Operator graph</source>
        <translation>Operatorgraph</translation>
    </message>
    <message>
        <source>{} operators</source>
        <translation>{} Operatoren</translation>
    </message>
    <message>
        <source>Block {}</source>
        <translation>Block {}</translation>
    </message>
    <message>
        <source>Drawing the picture… Esc stops it.</source>
        <translation>Bild wird gezeichnet … Esc bricht ab.</translation>
    </message>
    <message>
        <source>Show fused operators</source>
        <translation>Verschmolzene Operatoren zeigen</translation>
    </message>
    <message>
        <source>Show ONNX nodes</source>
        <translation>ONNX-Knoten zeigen</translation>
    </message>
    <message>
        <source>Lay out from top to bottom</source>
        <translation>Von oben nach unten anordnen</translation>
    </message>
    <message>
        <source>Lay out from left to right</source>
        <translation>Von links nach rechts anordnen</translation>
    </message>
    <message>
        <source>Collapse all blocks</source>
        <translation>Alle Blöcke einklappen</translation>
    </message>
    <message>
        <source>Expand all blocks</source>
        <translation>Alle Blöcke ausklappen</translation>
    </message>
    <message>
        <source>Copy picture</source>
        <translation>Bild kopieren</translation>
    </message>
    <message>
        <source>Expand {}</source>
        <translation>{} ausklappen</translation>
    </message>
    <message>
        <source>Collapse {}</source>
        <translation>{} einklappen</translation>
    </message>
    <message>
        <source>Show its ONNX nodes</source>
        <translation>Seine ONNX-Knoten zeigen</translation>
    </message>
    <message>
        <source>Show its operator</source>
        <translation>Seinen Operator zeigen</translation>
    </message>
    <message>
        <source>Copy name</source>
        <translation>Namen kopieren</translation>
    </message>
</context>
<context>
    <name>DeltaRows</name>
    <message>
        <source>Merged with {}</source>
        <translation>Vereint mit {}</translation>
    </message>
</context>
<context>
    <name>DeltaTable</name>
    <message>
        <source>Operator</source>
        <translation>Operator</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>Typ</translation>
    </message>
    <message>
        <source>Alone, {}</source>
        <translation>Allein, {}</translation>
    </message>
    <message>
        <source>Change, {}</source>
        <translation>Änderung, {}</translation>
    </message>
    <message>
        <source>Slowdown</source>
        <translation>Verlangsamung</translation>
    </message>
    <message>
        <source>Stream</source>
        <translation>Stream</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>Episode</source>
        <translation>Episode</translation>
    </message>
    <message>
        <source>What it takes with the device to itself, where that is known.</source>
        <translation>Dauer, wenn das Gerät nichts anderes tut, wo bekannt.</translation>
    </message>
    <message>
        <source>How much longer it takes in the second schedule.</source>
        <translation>Wie viel länger es im zweiten Zeitplan dauert.</translation>
    </message>
    <message>
        <source>Second schedule over alone: what company, or merging, costs.</source>
        <translation>Zweiter Zeitplan im Verhältnis zu allein: was Gesellschaft oder Vereinen kostet.</translation>
    </message>
    <message>
        <source>Stream in the first and in the second schedule.</source>
        <translation>Stream im ersten und im zweiten Zeitplan.</translation>
    </message>
    <message>
        <source>Stage of the second schedule.</source>
        <translation>Stufe im zweiten Zeitplan.</translation>
    </message>
</context>
<context>
    <name>DeltaView</name>
    <message>
        <source>Filter by name or type</source>
        <translation>Nach Name oder Typ filtern</translation>
    </message>
    <message>
        <source>Filter the operators of the table</source>
        <translation>Die Operatoren der Tabelle filtern</translation>
    </message>
    <message>
        <source>Only what changed</source>
        <translation>Nur Geändertes</translation>
    </message>
    <message>
        <source>Copy text</source>
        <translation>Text kopieren</translation>
    </message>
    <message>
        <source>Copy CSV</source>
        <translation>CSV kopieren</translation>
    </message>
    <message>
        <source>Operators in both schedules</source>
        <translation>Operatoren in beiden Zeitplänen</translation>
    </message>
    <message>
        <source>{} operators</source>
        <translation>{} Operatoren</translation>
    </message>
    <message>
        <source>{} of {}</source>
        <translation>{} von {}</translation>
    </message>
</context>
<context>
    <name>Dialogs</name>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
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
    <name>DraftPainter</name>
    <message>
        <source>stream {}</source>
        <translation>Stream {}</translation>
    </message>
    <message>
        <source>new</source>
        <translation>neu</translation>
    </message>
    <message>
        <source>stage</source>
        <translation>Stufe</translation>
    </message>
</context>
<context>
    <name>Engine</name>
    <message>
        <source>No NVIDIA GPU can be used here ({}), so a simulated one stands in for it.</source>
        <translation>Hier ist keine NVIDIA-GPU nutzbar ({}), deshalb vertritt sie eine simulierte.</translation>
    </message>
    <message>
        <source>no NVIDIA driver is installed</source>
        <translation>es ist kein NVIDIA-Treiber installiert</translation>
    </message>
    <message>
        <source>Stage {n} saves {n}</source>
        <translation>Stufe {n} spart {n}</translation>
    </message>
    <message>
        <source>Stage {n} loses {n}</source>
        <translation>Stufe {n} verliert {n}</translation>
    </message>
    <message>
        <source>Episode {n} saves {n}</source>
        <translation>Episode {n} spart {n}</translation>
    </message>
    <message>
        <source>Episode {n} loses {n}</source>
        <translation>Episode {n} verliert {n}</translation>
    </message>
    <message>
        <source>saves {n} against</source>
        <translation>spart {n} gegenüber</translation>
    </message>
    <message>
        <source>loses {n} against</source>
        <translation>verliert {n} gegenüber</translation>
    </message>
    <message>
        <source>takes as long as</source>
        <translation>braucht so lange wie</translation>
    </message>
    <message>
        <source>from work side by side</source>
        <translation>durch gleichzeitige Arbeit</translation>
    </message>
    <message>
        <source>because less runs side by side</source>
        <translation>weil weniger gleichzeitig läuft</translation>
    </message>
    <message>
        <source>from kernels that take less time</source>
        <translation>durch kürzere Kernel</translation>
    </message>
    <message>
        <source>to kernels that take longer in company</source>
        <translation>durch Kernel, die in Gesellschaft länger brauchen</translation>
    </message>
    <message>
        <source>from fewer gaps</source>
        <translation>durch weniger Lücken</translation>
    </message>
    <message>
        <source>to more gaps</source>
        <translation>durch mehr Lücken</translation>
    </message>
    <message>
        <source>{n} before, {n} now</source>
        <translation>vorher {n}, jetzt {n}</translation>
    </message>
    <message>
        <source>replays differ by as much</source>
        <translation>Wiederholungen schwanken ebenso stark</translation>
    </message>
    <message>
        <source>tracing delays this fork</source>
        <translation>die Aufzeichnung verzögert diese Verzweigung</translation>
    </message>
    <message>
        <source>starts {n} later after what precedes it</source>
        <translation>beginnt {n} später nach dem Vorherigen</translation>
    </message>
    <message>
        <source>starts {n} sooner after what precedes it</source>
        <translation>beginnt {n} früher nach dem Vorherigen</translation>
    </message>
    <message>
        <source>itself takes {n} instead of {n}</source>
        <translation>selbst braucht {n} statt {n}</translation>
    </message>
    <message>
        <source>{n} of gaps between launches are gone</source>
        <translation>{n} Lücken zwischen Starts entfallen</translation>
    </message>
    <message>
        <source>the shared input is read once</source>
        <translation>die gemeinsame Eingabe wird nur einmal gelesen</translation>
    </message>
    <message>
        <source>{n} more pass in waits and launch gaps</source>
        <translation>{n} mehr vergehen mit Warten und Startlücken</translation>
    </message>
    <message>
        <source>takes {n} merged instead of {n}</source>
        <translation>braucht zusammengelegt {n} statt {n}</translation>
    </message>
    <message>
        <source>takes {n} beside the others instead of {n}</source>
        <translation>braucht neben den anderen {n} statt {n}</translation>
    </message>
    <message>
        <source>takes {n} here instead of {n}</source>
        <translation>braucht hier {n} statt {n}</translation>
    </message>
    <message>
        <source>one of them {n} operators merged into one launch</source>
        <translation>eine davon {n} zu einem Start zusammengelegte Operatoren</translation>
    </message>
    <message>
        <source>{n} operators merged into one launch</source>
        <translation>{n} Operatoren zu einem Start zusammengelegt</translation>
    </message>
    <message>
        <source>{n} groups side by side</source>
        <translation>{n} Gruppen nebeneinander</translation>
    </message>
    <message>
        <source>active warps {n} → {n} ({n} → {n} of the device)</source>
        <translation>aktive Warps {n} → {n} ({n} → {n} der GPU)</translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation>und {n} weitere</translation>
    </message>
    <message>
        <source>on one stream</source>
        <translation>auf einem Stream</translation>
    </message>
    <message>
        <source>A model of the GPU made {}: they show what it expects, not what hardware did.</source>
        <translation>Ein Modell der GPU hat {} erzeugt: sie zeigen, was es erwartet, nicht was Hardware tat.</translation>
    </message>
    <message>
        <source>these timelines</source>
        <translation>diese Zeitverläufe</translation>
    </message>
    <message>
        <source>this timeline</source>
        <translation>diesen Zeitverlauf</translation>
    </message>
    <message>
        <source>the replay shown took {n} longer than without the profiler ({n} instead of {n}).</source>
        <translation>die gezeigte Wiederholung dauerte {n} länger als ohne Profiler ({n} statt {n}).</translation>
    </message>
    <message>
        <source>the replay shown took {n} shorter than without the profiler ({n} instead of {n}).</source>
        <translation>die gezeigte Wiederholung dauerte {n} kürzer als ohne Profiler ({n} statt {n}).</translation>
    </message>
    <message>
        <source>tracing delays the first fork; the starts of {} are later than without it.</source>
        <translation>die Aufzeichnung verzögert die erste Verzweigung; {} beginnen später als ohne sie.</translation>
    </message>
    <message>
        <source>{n} of the sampled warps belong to no stream for sure.</source>
        <translation>{n} der gemessenen Warps gehören zu keinem Stream sicher.</translation>
    </message>
    <message>
        <source>not verified</source>
        <translation>nicht geprüft</translation>
    </message>
    <message>
        <source>verified, error {n}</source>
        <translation>geprüft, Fehler {n}</translation>
    </message>
    <message>
        <source>as fast as sequential</source>
        <translation>so schnell wie sequenziell</translation>
    </message>
    <message>
        <source>{n} faster</source>
        <translation>{n} schneller</translation>
    </message>
    <message>
        <source>{n} slower</source>
        <translation>{n} langsamer</translation>
    </message>
    <message>
        <source>stream {n}</source>
        <translation>Stream {n}</translation>
    </message>
    <message>
        <source>copy in</source>
        <translation>Kopie hinein</translation>
    </message>
    <message>
        <source>copy out</source>
        <translation>Kopie heraus</translation>
    </message>
    <message>
        <source>unattributed</source>
        <translation>nicht zugeordnet</translation>
    </message>
    <message>
        <source>Report (HTML)</source>
        <translation>Bericht (HTML)</translation>
    </message>
    <message>
        <source>Report (PDF)</source>
        <translation>Bericht (PDF)</translation>
    </message>
    <message>
        <source>Figure of the timelines</source>
        <translation>Abbildung der Zeitverläufe</translation>
    </message>
    <message>
        <source>Figure of active warps</source>
        <translation>Abbildung der aktiven Warps</translation>
    </message>
    <message>
        <source>Spans (CSV)</source>
        <translation>Abschnitte (CSV)</translation>
    </message>
    <message>
        <source>Active warps and counters (CSV)</source>
        <translation>Aktive Warps und Zähler (CSV)</translation>
    </message>
    <message>
        <source>Operators (CSV)</source>
        <translation>Operatoren (CSV)</translation>
    </message>
    <message>
        <source>Spans (Parquet)</source>
        <translation>Abschnitte (Parquet)</translation>
    </message>
    <message>
        <source>Trace for Perfetto (JSON)</source>
        <translation>Trace für Perfetto (JSON)</translation>
    </message>
    <message>
        <source>Schedule (JSON)</source>
        <translation>Zeitplan (JSON)</translation>
    </message>
</context>
<context>
    <name>EngineClient</name>
    <message>
        <source>The engine speaks version {} of the protocol and this window {}: install both from the same release.</source>
        <translation>Die Engine spricht Version {} des Protokolls und dieses Fenster {}: installieren Sie beide aus derselben Ausgabe.</translation>
    </message>
    <message>
        <source>The engine did not start: {}.</source>
        <translation>Die Engine startete nicht: {}.</translation>
    </message>
    <message>
        <source>The engine has not answered for {} seconds and was ended.</source>
        <translation>Die Engine hat {} Sekunden lang nicht geantwortet und wurde beendet.</translation>
    </message>
    <message>
        <source>The engine process ended unexpectedly ({}).</source>
        <translation>Der Engine-Prozess endete unerwartet ({}).</translation>
    </message>
</context>
<context>
    <name>EngineWork</name>
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
</context>
<context>
    <name>FiguresTable</name>
    <message>
        <source>Figure</source>
        <translation>Kennzahl</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>Einheit</translation>
    </message>
</context>
<context>
    <name>FiguresView</name>
    <message>
        <source>Figures of all schedules</source>
        <translation>Kennzahlen aller Zeitpläne</translation>
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
    <message>
        <source>{} files</source>
        <translation>{}-Dateien</translation>
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
        <translation>benutzer@rechner</translation>
    </message>
    <message>
        <source>as ssh</source>
        <translation>wie ssh</translation>
    </message>
    <message>
        <source>Save and test</source>
        <translation>Speichern und testen</translation>
    </message>
    <message>
        <source>New</source>
        <translation>Neu</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>What is known of the host</source>
        <translation>Was über den Rechner bekannt ist</translation>
    </message>
    <message>
        <source>Jobs run there over ssh with a key; nothing ever asks for a password.</source>
        <translation>Aufträge laufen dort über ssh mit einem Schlüssel; nach einem Passwort wird nie gefragt.</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adresse</translation>
    </message>
    <message>
        <source>user@machine, or a name of ~/.ssh/config</source>
        <translation>benutzer@rechner oder ein Name aus ~/.ssh/config</translation>
    </message>
    <message>
        <source>Port</source>
        <translation>Port</translation>
    </message>
    <message>
        <source>Of its ssh server</source>
        <translation>Seines ssh-Servers</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>The command that starts Warploom there</source>
        <translation>Der Befehl, der Warploom dort startet</translation>
    </message>
    <message>
        <source>ssh program</source>
        <translation>ssh-Programm</translation>
    </message>
    <message>
        <source>The program that connects, with options if need be</source>
        <translation>Das Programm, das verbindet, nötigenfalls mit Optionen</translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation>Verbinde …</translation>
    </message>
    <message>
        <source>Not tested yet.</source>
        <translation>Noch nicht getestet.</translation>
    </message>
    <message>
        <source>Warploom {} answers.</source>
        <translation>Warploom {} antwortet.</translation>
    </message>
    <message>
        <source>This window is of release {}: results may differ.</source>
        <translation>Dieses Fenster ist von Ausgabe {}: Ergebnisse können abweichen.</translation>
    </message>
    <message>
        <source>Asking its doctor…</source>
        <translation>Frage seinen Doktor …</translation>
    </message>
    <message>
        <source>testing</source>
        <translation>wird getestet</translation>
    </message>
    <message>
        <source>usable</source>
        <translation>verwendbar</translation>
    </message>
    <message>
        <source>not tested</source>
        <translation>nicht getestet</translation>
    </message>
</context>
<context>
    <name>Inspector</name>
    <message>
        <source>operators</source>
        <translation>Operatoren</translation>
    </message>
    <message>
        <source>blocks</source>
        <translation>Blöcke</translation>
    </message>
    <message>
        <source>computes</source>
        <translation>rechnet</translation>
    </message>
    <message>
        <source>weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>in</source>
        <translation>ein</translation>
    </message>
    <message>
        <source>out</source>
        <translation>aus</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Point at an operator to see it here; click to pin it, Esc lets go.</source>
        <translation>Zeigen Sie auf einen Operator, um ihn hier zu sehen; ein Klick hält ihn fest, Esc lässt los.</translation>
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
        <translation>Multiprozessoren</translation>
    </message>
    <message>
        <source>warps</source>
        <translation>Warps</translation>
    </message>
    <message>
        <source>clock</source>
        <translation>Takt</translation>
    </message>
    <message>
        <source>bandwidth</source>
        <translation>Bandbreite</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suche</translation>
    </message>
    <message>
        <source>asked for</source>
        <translation>verlangt</translation>
    </message>
    <message>
        <source>limits</source>
        <translation>Grenzen</translation>
    </message>
    <message>
        <source>stages costed</source>
        <translation>bewertete Stufen</translation>
    </message>
    <message>
        <source>states</source>
        <translation>Zustände</translation>
    </message>
    <message>
        <source>took</source>
        <translation>dauerte</translation>
    </message>
    <message>
        <source>created</source>
        <translation>erstellt</translation>
    </message>
    <message>
        <source>Shapes</source>
        <translation>Formen</translation>
    </message>
    <message>
        <source>Attributes</source>
        <translation>Attribute</translation>
    </message>
    <message>
        <source>Fused into</source>
        <translation>Verschmolzen in</translation>
    </message>
    <message>
        <source>Repeated in</source>
        <translation>Wiederholt in</translation>
    </message>
    <message>
        <source>Operator: {}</source>
        <translation>Operator: {}</translation>
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
        <translation>zusammen gewählt</translation>
    </message>
    <message>
        <source>Sum of latencies</source>
        <translation>Summe der Latenzen</translation>
    </message>
    <message>
        <source>alone</source>
        <translation>allein</translation>
    </message>
    <message>
        <source>as a stage</source>
        <translation>als Stufe</translation>
    </message>
    <message>
        <source>Latency, simulated</source>
        <translation>Latenz, simuliert</translation>
    </message>
    <message>
        <source>Latency</source>
        <translation>Latenz</translation>
    </message>
    <message>
        <source>stream</source>
        <translation>Stream</translation>
    </message>
    <message>
        <source>stage</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>{} of {}</source>
        <translation>{} von {}</translation>
    </message>
    <message>
        <source>merged with</source>
        <translation>vereint mit</translation>
    </message>
    <message>
        <source>waits for</source>
        <translation>wartet auf</translation>
    </message>
    <message>
        <source>In {}</source>
        <translation>In {}</translation>
    </message>
    <message>
        <source>grid</source>
        <translation>Grid</translation>
    </message>
    <message>
        <source>block</source>
        <translation>Block</translation>
    </message>
    <message>
        <source>registers</source>
        <translation>Register</translation>
    </message>
    <message>
        <source>shared memory</source>
        <translation>Shared Memory</translation>
    </message>
    <message>
        <source>Kernel</source>
        <translation>Kernel</translation>
    </message>
    <message>
        <source>Kernels</source>
        <translation>Kernel</translation>
    </message>
    <message>
        <source>bias</source>
        <translation>Bias</translation>
    </message>
    <message>
        <source>Attributes, {} {}</source>
        <translation>Attribute, {} {}</translation>
    </message>
    <message>
        <source>{} … ({} in all)</source>
        <translation>{} … (insgesamt {})</translation>
    </message>
    <message>
        <source>folded</source>
        <translation>eingefaltet</translation>
    </message>
    <message>
        <source>ONNX nodes</source>
        <translation>ONNX-Knoten</translation>
    </message>
    <message>
        <source>reads</source>
        <translation>liest</translation>
    </message>
    <message>
        <source>of that, weights</source>
        <translation>davon Gewichte</translation>
    </message>
    <message>
        <source>writes</source>
        <translation>schreibt</translation>
    </message>
    <message>
        <source>intensity</source>
        <translation>Intensität</translation>
    </message>
    <message>
        <source>Work, {}</source>
        <translation>Arbeit, {}</translation>
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
        <translation>Zeigen Sie auf einen Operator, um ihn hier zu sehen; ein Klick hält ihn fest; Esc lässt ihn los.</translation>
    </message>
    <message>
        <source>Show {} in the graph</source>
        <translation>{} im Graphen zeigen</translation>
    </message>
</context>
<context>
    <name>JobsPanel</name>
    <message>
        <source>Jobs</source>
        <translation>Aufträge</translation>
    </message>
    <message>
        <source>No jobs yet: press Optimize, or drop several models on the window.</source>
        <translation>Noch keine Aufträge: drücken Sie Optimieren, oder lassen Sie mehrere Modelle auf das Fenster fallen.</translation>
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
        <translation>frei {}</translation>
    </message>
</context>
<context>
    <name>LogTable</name>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>What</source>
        <translation>Was</translation>
    </message>
    <message>
        <source>Decision</source>
        <translation>Entscheidung</translation>
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
        <source>Open file</source>
        <translation>Datei öffnen</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>Ordner öffnen</translation>
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
    <name>Names</name>
    <message>
        <source>Sequential</source>
        <translation>Sequenziell</translation>
    </message>
    <message>
        <source>Greedy</source>
        <translation>Greedy</translation>
    </message>
    <message>
        <source>Critical path</source>
        <translation>Kritischer Pfad</translation>
    </message>
    <message>
        <source>Local search</source>
        <translation>Lokale Suche</translation>
    </message>
    <message>
        <source>Kernel variants</source>
        <translation>Kernelvarianten</translation>
    </message>
    <message>
        <source>Saved</source>
        <translation>Gespeichert</translation>
    </message>
</context>
<context>
    <name>OperatorPanel</name>
    <message>
        <source>Filter by name or type</source>
        <translation>Nach Name oder Typ filtern</translation>
    </message>
    <message>
        <source>Filter operators</source>
        <translation>Operatoren filtern</translation>
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
        <translation>Block {}</translation>
    </message>
    <message>
        <source>{} operators; the time that passes for all of them</source>
        <translation>{} Operatoren; die Zeit, die für alle zusammen vergeht</translation>
    </message>
    <message>
        <source>Operator</source>
        <translation>Operator</translation>
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
        <translation>Probiere {}</translation>
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
        <source>part {} of {}</source>
        <translation>Teil {} von {}</translation>
    </message>
    <message>
        <source>{} stages costed</source>
        <translation>{} Stufen bewertet</translation>
    </message>
    <message>
        <source>one stage costed</source>
        <translation>eine Stufe bewertet</translation>
    </message>
    <message>
        <source>best {}</source>
        <translation>bisher {}</translation>
    </message>
    <message>
        <source>{}× faster</source>
        <translation>{}× schneller</translation>
    </message>
</context>
<context>
    <name>RangePanel</name>
    <message>
        <source>Copy text</source>
        <translation>Text kopieren</translation>
    </message>
    <message>
        <source>Copy CSV</source>
        <translation>CSV kopieren</translation>
    </message>
    <message>
        <source>Let go of the chosen time (Esc)</source>
        <translation>Gewählte Zeit loslassen (Esc)</translation>
    </message>
    <message>
        <source>Statistics of the chosen time</source>
        <translation>Statistik der gewählten Zeit</translation>
    </message>
    <message>
        <source>{} chosen</source>
        <translation>{} gewählt</translation>
    </message>
    <message>
        <source>{}: {} spans, {} active warps on average, idle {}%</source>
        <translation>{}: {} Abschnitte, im Mittel {} aktive Warps, {}% frei</translation>
    </message>
</context>
<context>
    <name>RangeTable</name>
    <message>
        <source>Spans count as far as they lie in the chosen time.</source>
        <translation>Abschnitte zählen, soweit sie in der gewählten Zeit liegen.</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>Zeitplan</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>Typ</translation>
    </message>
    <message>
        <source>Stream</source>
        <translation>Stream</translation>
    </message>
    <message>
        <source>Count</source>
        <translation>Anzahl</translation>
    </message>
    <message>
        <source>Sum {}</source>
        <translation>Summe {}</translation>
    </message>
    <message>
        <source>Mean {}</source>
        <translation>Mittel {}</translation>
    </message>
    <message>
        <source>Min {}</source>
        <translation>Min. {}</translation>
    </message>
    <message>
        <source>Max {}</source>
        <translation>Max. {}</translation>
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
        <translation>wie Modell</translation>
    </message>
    <message>
        <source>Which schedules the search may build</source>
        <translation>Welche Zeitpläne die Suche bauen darf</translation>
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
    <name>RunEndings</name>
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
        <source>The work on {} is lost.</source>
        <translation>Die Arbeit an {} ist verloren.</translation>
    </message>
    <message>
        <source>What is open stays.</source>
        <translation>Was offen ist, bleibt.</translation>
    </message>
    <message>
        <source>{} more wait.</source>
        <translation>{} weitere warten.</translation>
    </message>
</context>
<context>
    <name>RunOptions</name>
    <message>
        <source>best of all</source>
        <translation>bester von allen</translation>
    </message>
    <message>
        <source>32-bit floats, without TF32</source>
        <translation>32-Bit-Gleitkomma, ohne TF32</translation>
    </message>
    <message>
        <source>32-bit floats, multiplied with 10-bit mantissas on tensor cores</source>
        <translation>32-Bit-Gleitkomma, auf Tensorkernen mit 10-Bit-Mantissen multipliziert</translation>
    </message>
    <message>
        <source>16-bit floats</source>
        <translation>16-Bit-Gleitkomma</translation>
    </message>
    <message>
        <source>16-bit floats of the range of float32</source>
        <translation>16-Bit-Gleitkomma mit dem Bereich von float32</translation>
    </message>
    <message>
        <source>8-bit integers where they gain, calibrated; 16-bit floats elsewhere</source>
        <translation>8-Bit-Ganzzahlen, wo sie nützen, kalibriert; sonst 16-Bit-Gleitkomma</translation>
    </message>
    <message>
        <source>The fastest within the error budget, decided operator by operator</source>
        <translation>Das Schnellste innerhalb der Fehlergrenze, für jeden Operator einzeln entschieden</translation>
    </message>
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
        <translation> ns</translation>
    </message>
    <message>
        <source>%</source>
        <translation>%</translation>
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
        <translation>Abtastung</translation>
    </message>
    <message>
        <source>Time between two samples of active warps on a GPU</source>
        <translation>Zeit zwischen zwei Messungen der aktiven Warps auf einer GPU</translation>
    </message>
    <message>
        <source>Error budget</source>
        <translation>Fehlergrenze</translation>
    </message>
    <message>
        <source>The largest error of an output, with the precision auto</source>
        <translation>Der größte Fehler einer Ausgabe bei der Genauigkeit auto</translation>
    </message>
    <message>
        <source>Calibration</source>
        <translation>Kalibrierung</translation>
    </message>
    <message>
        <source>Inputs for the precisions int8 and auto</source>
        <translation>Eingaben für die Genauigkeiten int8 und auto</translation>
    </message>
    <message>
        <source>Without a folder, ranges come from random inputs, not from typical ones.</source>
        <translation>Ohne Ordner stammen die Wertebereiche von zufälligen Eingaben, nicht von typischen.</translation>
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
        <translation>Die Arbeit an {} endete mit der Engine.</translation>
    </message>
    <message>
        <source>The model file {} is not there any more: open it from where it is now.</source>
        <translation>Die Modelldatei {} ist nicht mehr da: bitte dort öffnen, wo sie jetzt ist.</translation>
    </message>
    <message>
        <source>The search was stopped early.</source>
        <translation>Die Suche wurde vorzeitig beendet.</translation>
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
        <translation>in Stufe {} verschieben</translation>
    </message>
    <message>
        <source>move to a new stage</source>
        <translation>in eine neue Stufe verschieben</translation>
    </message>
    <message>
        <source>merge stages {} and {}</source>
        <translation>Stufen {} und {} vereinen</translation>
    </message>
    <message>
        <source>split stage {}</source>
        <translation>Stufe {} teilen</translation>
    </message>
    <message>
        <source>move to stream {}</source>
        <translation>auf Stream {} verschieben</translation>
    </message>
    <message>
        <source>earlier edits</source>
        <translation>frühere Änderungen</translation>
    </message>
    <message>
        <source>drop the barriers</source>
        <translation>Barrieren entfernen</translation>
    </message>
    <message>
        <source>merge {} operators</source>
        <translation>{} Operatoren vereinen</translation>
    </message>
    <message>
        <source>part a merged operator</source>
        <translation>vereinten Operator trennen</translation>
    </message>
</context>
<context>
    <name>ScheduleFoot</name>
    <message>
        <source>Name of the edited schedule</source>
        <translation>Name des geänderten Zeitplans</translation>
    </message>
    <message>
        <source>name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Device that the edited schedule runs on</source>
        <translation>Gerät, auf dem der geänderte Zeitplan läuft</translation>
    </message>
    <message>
        <source>On another device every schedule of the recording runs again</source>
        <translation>Auf einem anderen Gerät laufen alle Zeitpläne der Aufzeichnung neu</translation>
    </message>
    <message>
        <source>Try it</source>
        <translation>Ausprobieren</translation>
    </message>
    <message>
        <source>Runs the edited schedule beside the others and keeps it under this name</source>
        <translation>Führt den geänderten Zeitplan neben den anderen aus und behält ihn unter diesem Namen</translation>
    </message>
    <message>
        <source>on {}</source>
        <translation>auf {}</translation>
    </message>
    <message>
        <source>{} (simulated)</source>
        <translation>{} (simuliert)</translation>
    </message>
</context>
<context>
    <name>ScheduleLanes</name>
    <message>
        <source>Streams of the schedule</source>
        <translation>Streams des Zeitplans</translation>
    </message>
    <message>
        <source>Arrow keys choose a launch; with Alt they move it to another stream or stage.</source>
        <translation>Pfeiltasten wählen einen Start; mit Alt verschieben sie ihn auf einen anderen Stream oder in eine andere Stufe.</translation>
    </message>
    <message>
        <source>stage {}, stream {}</source>
        <translation>Stufe {}, Stream {}</translation>
    </message>
    <message>
        <source>stream {}</source>
        <translation>Stream {}</translation>
    </message>
</context>
<context>
    <name>ScheduleTools</name>
    <message>
        <source>Edits of the schedule</source>
        <translation>Änderungen am Zeitplan</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>Start over</source>
        <translation>Von vorn</translation>
    </message>
    <message>
        <source>Merge with next stage</source>
        <translation>Mit nächster Stufe vereinen</translation>
    </message>
    <message>
        <source>Split stage here</source>
        <translation>Stufe hier teilen</translation>
    </message>
    <message>
        <source>Own stage</source>
        <translation>Eigene Stufe</translation>
    </message>
    <message>
        <source>Own stream</source>
        <translation>Eigener Stream</translation>
    </message>
    <message>
        <source>Merge operators</source>
        <translation>Operatoren vereinen</translation>
    </message>
    <message>
        <source>Unmerge</source>
        <translation>Trennen</translation>
    </message>
    <message>
        <source>Drop barriers</source>
        <translation>Ohne Barrieren</translation>
    </message>
    <message>
        <source>Takes all edits back; Redo brings them back one by one</source>
        <translation>Nimmt alle Änderungen zurück; Wiederholen bringt sie einzeln zurück</translation>
    </message>
    <message>
        <source>The stage of the selection and the one after it become one</source>
        <translation>Die Stufe der Auswahl und die danach werden eine</translation>
    </message>
    <message>
        <source>The selection, and what reads it, runs in a stage of its own after the rest</source>
        <translation>Die Auswahl, und was sie liest, läuft nach dem Rest in einer eigenen Stufe</translation>
    </message>
    <message>
        <source>The selection moves into a new stage after its own</source>
        <translation>Die Auswahl kommt in eine neue Stufe nach ihrer eigenen</translation>
    </message>
    <message>
        <source>The selection moves to a new stream</source>
        <translation>Die Auswahl kommt auf einen neuen Stream</translation>
    </message>
    <message>
        <source>Convolutions that read the same tensor become one wider convolution</source>
        <translation>Faltungen, die denselben Tensor lesen, werden eine breitere Faltung</translation>
    </message>
    <message>
        <source>The merged operator becomes single ones again</source>
        <translation>Aus dem vereinten Operator werden wieder einzelne</translation>
    </message>
    <message>
        <source>No stages any more: every launch waits only for what it reads</source>
        <translation>Keine Stufen mehr: jeder Start wartet nur auf das, was er liest</translation>
    </message>
</context>
<context>
    <name>ScheduleTree</name>
    <message>
        <source>{} groups</source>
        <translation>{} Gruppen</translation>
    </message>
    <message>
        <source>one group</source>
        <translation>eine Gruppe</translation>
    </message>
    <message>
        <source>Stage {} · {}</source>
        <translation>Stufe {} · {}</translation>
    </message>
    <message>
        <source>merged</source>
        <translation>vereint</translation>
    </message>
    <message>
        <source>group {}</source>
        <translation>Gruppe {}</translation>
    </message>
    <message>
        <source>Stream {}</source>
        <translation>Stream {}</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>Zeitplan</translation>
    </message>
    <message>
        <source>as a
stage, µs</source>
        <translation>als
Stufe, µs</translation>
    </message>
    <message>
        <source>What it takes as a stage of its own, launch and barrier included: what a search adds up.</source>
        <translation>Dauer als Stufe für sich, mit Start und Barriere: was eine Suche zusammenzählt.</translation>
    </message>
</context>
<context>
    <name>ScheduleView</name>
    <message>
        <source>Schedule to edit</source>
        <translation>Zeitplan, der geändert wird</translation>
    </message>
    <message>
        <source>The schedule that the edits start from</source>
        <translation>Der Zeitplan, von dem die Änderungen ausgehen</translation>
    </message>
    <message>
        <source>Busy streams only</source>
        <translation>Nur tätige Streams</translation>
    </message>
    <message>
        <source>Streams that do nothing in the time on show have no row</source>
        <translation>Streams, die in der gezeigten Zeit nichts tun, haben keine Zeile</translation>
    </message>
    <message>
        <source>{} (edited)</source>
        <translation>{} (geändert)</translation>
    </message>
    <message>
        <source>There is a schedule {} already: choose another name for yours.</source>
        <translation>Einen Zeitplan {} gibt es schon: wählen Sie einen anderen Namen für Ihren.</translation>
    </message>
    <message>
        <source>{}{} streams · at least {} if every operator ran as fast as alone</source>
        <translation>{}{} Streams · mindestens {}, wenn jeder Operator so schnell liefe wie allein</translation>
    </message>
    <message>
        <source>all schedules run again {}, in a recording of their own</source>
        <translation>alle Zeitpläne laufen neu {}, in einer eigenen Aufzeichnung</translation>
    </message>
    <message>
        <source>Stages, groups and operators</source>
        <translation>Stufen, Gruppen und Operatoren</translation>
    </message>
    <message>
        <source>edited</source>
        <translation>geändert</translation>
    </message>
    <message>
        <source>{} stages, </source>
        <translation>{} Stufen, </translation>
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
        <source> files</source>
        <translation> Dateien</translation>
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
        <translation>Am Zeiger vergrößern oder verkleinern</translation>
    </message>
    <message>
        <source>Show the selection, or the chosen time</source>
        <translation>Die Auswahl oder die gewählte Zeit zeigen</translation>
    </message>
    <message>
        <source>Show all of the time</source>
        <translation>Die ganze Zeit zeigen</translation>
    </message>
    <message>
        <source>The span before or after</source>
        <translation>Der Abschnitt davor oder danach</translation>
    </message>
    <message>
        <source>Along the data: where it comes from, where it goes</source>
        <translation>Den Daten entlang: woher sie kommen, wohin sie gehen</translation>
    </message>
    <message>
        <source>Place a mark; between two of them, the time is measured</source>
        <translation>Eine Marke setzen; zwischen zweien wird die Zeit gemessen</translation>
    </message>
    <message>
        <source>Statistics of what is marked, selected or seen</source>
        <translation>Statistik des Markierten, Gewählten oder Sichtbaren</translation>
    </message>
    <message>
        <source>Critical path</source>
        <translation>Kritischer Pfad</translation>
    </message>
    <message>
        <source>Dependencies of the selected operators</source>
        <translation>Abhängigkeiten der gewählten Operatoren</translation>
    </message>
    <message>
        <source>Ctrl+Wheel</source>
        <translation>Strg+Rad</translation>
    </message>
    <message>
        <source>Zoom at the pointer; without Ctrl where nothing scrolls</source>
        <translation>Am Zeiger zoomen; ohne Strg, wo nichts zu rollen ist</translation>
    </message>
    <message>
        <source>Shift+Wheel</source>
        <translation>Umschalt+Rad</translation>
    </message>
    <message>
        <source>Shift+Drag</source>
        <translation>Umschalt+Ziehen</translation>
    </message>
    <message>
        <source>Statistics of a stretch of time; a drag on the axis, too</source>
        <translation>Statistik einer Zeitspanne; auch durch Ziehen auf der Achse</translation>
    </message>
    <message>
        <source>To a neighbour of the selected operator</source>
        <translation>Zu einem Nachbarn des gewählten Operators</translation>
    </message>
    <message>
        <source>To the first or the last operator</source>
        <translation>Zum ersten oder letzten Operator</translation>
    </message>
    <message>
        <source>Expand the block, or show the operator large</source>
        <translation>Den Block ausklappen oder den Operator groß zeigen</translation>
    </message>
    <message>
        <source>Space</source>
        <translation>Leertaste</translation>
    </message>
    <message>
        <source>Collapse or expand the block</source>
        <translation>Den Block ein- oder ausklappen</translation>
    </message>
    <message>
        <source>Find: Enter for the next, Shift+Enter for the previous</source>
        <translation>Suchen: Eingabe für den nächsten, Umschalt+Eingabe für den vorherigen</translation>
    </message>
    <message>
        <source>Fused operators or ONNX nodes</source>
        <translation>Verschmolzene Operatoren oder ONNX-Knoten</translation>
    </message>
    <message>
        <source>Fit everything, actual size</source>
        <translation>Alles einpassen, wahre Größe</translation>
    </message>
    <message>
        <source>Ctrl+Click</source>
        <translation>Strg+Klick</translation>
    </message>
    <message>
        <source>Add to the selection, or take away</source>
        <translation>Zur Auswahl hinzufügen oder wegnehmen</translation>
    </message>
    <message>
        <source>Double click</source>
        <translation>Doppelklick</translation>
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
        <source>Schedule</source>
        <translation>Zeitplan</translation>
    </message>
    <message>
        <source>To the launch before or after</source>
        <translation>Zum Start davor oder danach</translation>
    </message>
    <message>
        <source>Alt+Arrow</source>
        <translation>Alt+Pfeil</translation>
    </message>
    <message>
        <source>Move the selection to another place, stage or stream</source>
        <translation>Die Auswahl an eine andere Stelle, in eine andere Stufe oder auf einen anderen Stream verschieben</translation>
    </message>
    <message>
        <source>Merge with the next stage</source>
        <translation>Mit der nächsten Stufe vereinen</translation>
    </message>
    <message>
        <source>Split the stage at the selection</source>
        <translation>Die Stufe an der Auswahl teilen</translation>
    </message>
    <message>
        <source>A stage, or a stream, of its own</source>
        <translation>Eine eigene Stufe oder ein eigener Stream</translation>
    </message>
    <message>
        <source>Merge operators into one</source>
        <translation>Operatoren zu einem vereinen</translation>
    </message>
    <message>
        <source>Take a merged operator apart (Unmerge)</source>
        <translation>Zusammengelegten Operator trennen</translation>
    </message>
    <message>
        <source>Drop the barriers between stages</source>
        <translation>Die Barrieren zwischen Stufen entfernen</translation>
    </message>
    <message>
        <source>Move launches to another stream, stage or place</source>
        <translation>Starts auf einen anderen Stream, in eine andere Stufe oder an eine andere Stelle ziehen</translation>
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
        <translation>W und S zoomen, A und D verschieben, F zeigt die Auswahl, Pos1 alles. Die Pfeiltasten gehen von Abschnitt zu Abschnitt, [ und ] den Abhängigkeiten entlang. M setzt Marken, R wählt, was zwischen den Marken (oder in der Auswahl) liegt. P zeigt den kritischen Pfad, L Abhängigkeiten.</translation>
    </message>
</context>
<context>
    <name>TimelineMenu</name>
    <message>
        <source>&amp;Schedules</source>
        <translation>&amp;Zeitpläne</translation>
    </message>
    <message>
        <source>&amp;Counters</source>
        <translation>&amp;Zähler</translation>
    </message>
    <message>
        <source>Copy &amp;figure</source>
        <translation>A&amp;bbildung kopieren</translation>
    </message>
    <message>
        <source>Save fi&amp;gure…</source>
        <translation>Abbildung &amp;speichern …</translation>
    </message>
    <message>
        <source>Move &amp;up</source>
        <translation>Nach &amp;oben</translation>
    </message>
    <message>
        <source>Move &amp;down</source>
        <translation>Nach &amp;unten</translation>
    </message>
    <message>
        <source>&amp;Hide</source>
        <translation>&amp;Verbergen</translation>
    </message>
    <message>
        <source>Compare &amp;everything with this</source>
        <translation>A&amp;lles hiermit vergleichen</translation>
    </message>
    <message>
        <source>Compare th&amp;is with {}</source>
        <translation>D&amp;ies mit {} vergleichen</translation>
    </message>
    <message>
        <source>&amp;Counters (none recorded)</source>
        <translation>&amp;Zähler (keine aufgezeichnet)</translation>
    </message>
    <message>
        <source>Critical &amp;path</source>
        <translation>Kritischer &amp;Pfad</translation>
    </message>
    <message>
        <source>&amp;Dependencies of the selection</source>
        <translation>Ab&amp;hängigkeiten der Auswahl</translation>
    </message>
    <message>
        <source>Show &amp;all of the time</source>
        <translation>Die &amp;ganze Zeit zeigen</translation>
    </message>
    <message>
        <source>&amp;Zoom to the selection</source>
        <translation>Auf die Auswahl &amp;zoomen</translation>
    </message>
    <message>
        <source>Choose what is seen, or &amp;marked</source>
        <translation>Sichtbares oder &amp;Markiertes wählen</translation>
    </message>
    <message>
        <source>&amp;Let go of marks and time</source>
        <translation>Marken und Zeit &amp;loslassen</translation>
    </message>
</context>
<context>
    <name>TrackFacts</name>
    <message>
        <source>simulated</source>
        <translation>simuliert</translation>
    </message>
    <message>
        <source>estimated</source>
        <translation>geschätzt</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>gemessen</translation>
    </message>
    <message>
        <source>a model of the device made this</source>
        <translation>ein Modell des Geräts hat dies erzeugt</translation>
    </message>
    <message>
        <source>kernels placed by what each takes alone</source>
        <translation>Kernel danach gesetzt, was jeder allein braucht</translation>
    </message>
    <message>
        <source>{}% longer than unprofiled</source>
        <translation>{}% länger als ohne Profiler</translation>
    </message>
    <message>
        <source>{}% shorter than unprofiled</source>
        <translation>{}% kürzer als ohne Profiler</translation>
    </message>
    <message>
        <source>first fork late</source>
        <translation>erste Gabelung verspätet</translation>
    </message>
    <message>
        <source>warps modelled</source>
        <translation>Warps modelliert</translation>
    </message>
    <message>
        <source>only stages timed</source>
        <translation>nur Stufen gemessen</translation>
    </message>
    <message>
        <source>{} of warps in no stream</source>
        <translation>{} der Warps in keinem Stream</translation>
    </message>
    <message>
        <source>streams&apos; shares ±{}</source>
        <translation>Anteile der Streams ±{}</translation>
    </message>
    <message>
        <source>a sample every {} µs</source>
        <translation>ein Messwert alle {} µs</translation>
    </message>
    <message>
        <source>clocks ±{} ns</source>
        <translation>Uhren ±{} ns</translation>
    </message>
</context>
<context>
    <name>TrackPainter</name>
    <message>
        <source>active warps</source>
        <translation>aktive Warps</translation>
    </message>
    <message>
        <source>to {}</source>
        <translation>bis {}</translation>
    </message>
    <message>
        <source>in no stream</source>
        <translation>in keinem Stream</translation>
    </message>
    <message>
        <source>critical path: {} launches, {}, of it {} between them</source>
        <translation>kritischer Pfad: {} Starts, {}, davon {} dazwischen</translation>
    </message>
</context>
<context>
    <name>TrackTip</name>
    <message>
        <source>, stage {}</source>
        <translation>, Stufe {}</translation>
    </message>
    <message>
        <source>{} from {}</source>
        <translation>{} ab {}</translation>
    </message>
    <message>
        <source>{} registers, {} shared</source>
        <translation>{} Register, {} Shared</translation>
    </message>
    <message>
        <source>Tracing delayed its start (first fork).</source>
        <translation>Die Aufzeichnung verzögerte seinen Beginn (erste Gabelung).</translation>
    </message>
    <message>
        <source>idle for {}, {}</source>
        <translation>frei für {}, {}</translation>
    </message>
    <message>
        <source>{} waited for {}, which ended {} before</source>
        <translation>{} wartete auf {}, das {} vorher endete</translation>
    </message>
    <message>
        <source>{} active warps, {}% of what the device holds</source>
        <translation>{} aktive Warps, {}% dessen, was das Gerät fasst</translation>
    </message>
</context>
<context>
    <name>Verdict</name>
    <message>
        <source>active warps {} → {}</source>
        <translation>aktive Warps {} → {}</translation>
    </message>
    <message>
        <source>{}, {}, batch {}</source>
        <translation>{}, {}, Batch {}</translation>
    </message>
    <message>
        <source>as fast</source>
        <translation>gleich schnell</translation>
    </message>
    <message>
        <source>{}× faster</source>
        <translation>{}× schneller</translation>
    </message>
    <message>
        <source>{}× slower</source>
        <translation>{}× langsamer</translation>
    </message>
</context>
<context>
    <name>VerdictBar</name>
    <message>
        <source>SIMULATED</source>
        <translation>SIMULIERT</translation>
    </message>
    <message>
        <source>TIMELINES ESTIMATED</source>
        <translation>ZEITVERLÄUFE GESCHÄTZT</translation>
    </message>
    <message>
        <source>A model of the device made these figures; no hardware was measured.</source>
        <translation>Ein Modell des Geräts hat diese Zahlen erzeugt; keine Hardware wurde gemessen.</translation>
    </message>
    <message>
        <source>Latencies are measured; spans and warps are placed by what each kernel takes alone.</source>
        <translation>Latenzen sind gemessen; Abschnitte und Warps sind danach gesetzt, was jeder Kernel allein braucht.</translation>
    </message>
</context>
<context>
    <name>Why</name>
    <message>
        <source>This schedule has no stages: an episode lasts from one moment at which nothing runs to the next.</source>
        <translation>Dieser Zeitplan hat keine Stufen: Eine Episode reicht von einem Augenblick, in dem nichts läuft, zum nächsten.</translation>
    </message>
</context>
<context>
    <name>WhyPanel</name>
    <message>
        <source>Why</source>
        <translation>Warum</translation>
    </message>
    <message>
        <source>Good to know</source>
        <translation>Gut zu wissen</translation>
    </message>
    <message>
        <source>Optimize a model to see where time is won, and where it is lost.</source>
        <translation>Optimieren Sie ein Modell, um zu sehen, wo Zeit gewonnen und wo sie verloren wird.</translation>
    </message>
</context>
<context>
    <name>WindowDialogs</name>
    <message>
        <source>Open recent {}</source>
        <translation>Zuletzt Geöffnetes: {}</translation>
    </message>
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
    <name>WindowFiles</name>
    <message>
        <source>Save the recording</source>
        <translation>Die Aufzeichnung speichern</translation>
    </message>
    <message>
        <source>Export: {}</source>
        <translation>Export: {}</translation>
    </message>
    <message>
        <source>Export the graph</source>
        <translation>Den Graphen exportieren</translation>
    </message>
    <message>
        <source>Save the timelines</source>
        <translation>Die Zeitverläufe speichern</translation>
    </message>
    <message>
        <source>Saved {}</source>
        <translation>{} gespeichert</translation>
    </message>
    <message>
        <source>The graph is on the clipboard.</source>
        <translation>Der Graph ist in der Zwischenablage.</translation>
    </message>
</context>
<context>
    <name>WindowMenus</name>
    <message>
        <source>Open &amp;recent</source>
        <translation>&amp;Zuletzt geöffnet</translation>
    </message>
    <message>
        <source>Search commands   Ctrl+K</source>
        <translation>Befehle suchen   Strg+K</translation>
    </message>
</context>
<context>
    <name>WindowStates</name>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>&amp;Wiederholen</translation>
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
    <message>
        <source>When the search ends, this says where time is won, and where it is lost.</source>
        <translation>Nach der Suche steht hier, wo Zeit gewonnen und wo sie verloren wird.</translation>
    </message>
</context>
</TS>
