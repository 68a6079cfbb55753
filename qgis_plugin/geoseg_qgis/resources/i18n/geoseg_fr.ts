<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr" sourcelanguage="en">
  <context>
    <name>AreaChoice</name>
    <message>
      <source>Current view</source>
      <translation>Vue actuelle</translation>
    </message>
    <message>
      <source>Whole image</source>
      <translation>Image entière</translation>
    </message>
    <message>
      <source>Draw a rectangle…</source>
      <translation>Dessiner un rectangle…</translation>
    </message>
    <message>
      <source>Polygons of a layer</source>
      <translation>Polygones d’une couche</translation>
    </message>
  </context>
  <context>
    <name>Form</name>
    <message>
      <source>safe open areas
all tennis courts</source>
      <translation>safe open areas
all tennis courts</translation>
    </message>
    <message>
      <source>Image</source>
      <translation>Image</translation>
    </message>
    <message>
      <source>Area</source>
      <translation>Zone</translation>
    </message>
    <message>
      <source>A picture at {:g} m per pixel is made first.</source>
      <translation>Une image à {:g} m par pixel est d’abord créée.</translation>
    </message>
    <message>
      <source>{} × {} pixels</source>
      <translation>{} × {} pixels</translation>
    </message>
    <message>
      <source>{}, about {}</source>
      <translation>{}, environ {}</translation>
    </message>
    <message>
      <source>Recent</source>
      <translation>Récents</translation>
    </message>
    <message>
      <source>Find (one a line)</source>
      <translation>À trouver (un par ligne)</translation>
    </message>
    <message>
      <source>nothing yet</source>
      <translation>rien pour l’instant</translation>
    </message>
    <message>
      <source>Advanced</source>
      <translation>Avancé</translation>
    </message>
    <message>
      <source> m</source>
      <translation> m</translation>
    </message>
    <message>
      <source>as it is</source>
      <translation>telle quelle</translation>
    </message>
    <message>
      <source> m²</source>
      <translation> m²</translation>
    </message>
    <message>
      <source>Look twice, keep what most looks agree on</source>
      <translation>Regarder deux fois, garder ce qui concorde</translation>
    </message>
    <message>
      <source>Device</source>
      <translation>Matériel</translation>
    </message>
    <message>
      <source>Pixel size</source>
      <translation>Taille de pixel</translation>
    </message>
    <message>
      <source>Least area</source>
      <translation>Surface minimale</translation>
    </message>
    <message>
      <source>Confidence</source>
      <translation>Confiance</translation>
    </message>
    <message>
      <source>Save to</source>
      <translation>Enregistrer sous</translation>
    </message>
  </context>
  <context>
    <name>GeosegDock</name>
    <message>
      <source>Set up Python</source>
      <translation>Configurer Python</translation>
    </message>
    <message>
      <source>Run again</source>
      <translation>Relancer</translation>
    </message>
    <message>
      <source>Choose a file</source>
      <translation>Choisir un fichier</translation>
    </message>
    <message>
      <source>Details</source>
      <translation>Détails</translation>
    </message>
    <message>
      <source>Add it</source>
      <translation>L’ajouter</translation>
    </message>
    <message>
      <source>History</source>
      <translation>Historique</translation>
    </message>
    <message>
      <source>Review</source>
      <translation>Vérification</translation>
    </message>
    <message>
      <source>Run</source>
      <translation>Lancer</translation>
    </message>
    <message>
      <source>Preview</source>
      <translation>Aperçu</translation>
    </message>
    <message>
      <source>Pause</source>
      <translation>Pause</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>Arrêter</translation>
    </message>
    <message>
      <source>Stopping…</source>
      <translation>Arrêt en cours…</translation>
    </message>
    <message>
      <source>Go on</source>
      <translation>Reprendre</translation>
    </message>
    <message>
      <source>Looking… about {} left</source>
      <translation>Recherche… encore {} environ</translation>
    </message>
    <message>
      <source>Saving the picture of the layer…</source>
      <translation>Enregistrement de l’image de la couche…</translation>
    </message>
    <message>
      <source>{} polygons in {} layers</source>
      <translation>{} polygones dans {} couches</translation>
    </message>
    <message>
      <source>{} polygons</source>
      <translation>{} polygones</translation>
    </message>
    <message>
      <source>{} tiles could not be looked at: holes in the result.</source>
      <translation>{} tuiles n’ont pas pu être examinées : le résultat a des trous.</translation>
    </message>
    <message>
      <source>polygons</source>
      <translation>polygones</translation>
    </message>
    <message>
      <source>change</source>
      <translation>modifier</translation>
    </message>
  </context>
  <context>
    <name>GeosegPlugin</name>
    <message>
      <source>Find in imagery</source>
      <translation>Trouver dans une image</translation>
    </message>
    <message>
      <source>Say what to find in an image, and get polygons</source>
      <translation>Dites ce qu’il faut trouver dans une image et obtenez des polygones</translation>
    </message>
    <message>
      <source>Python environment…</source>
      <translation>Environnement Python…</translation>
    </message>
    <message>
      <source>GeoSeg help</source>
      <translation>Aide de GeoSeg</translation>
    </message>
  </context>
  <context>
    <name>History</name>
    <message>
      <source>Show on the map</source>
      <translation>Afficher sur la carte</translation>
    </message>
    <message>
      <source>Run again</source>
      <translation>Relancer</translation>
    </message>
    <message>
      <source>Open the folder</source>
      <translation>Ouvrir le dossier</translation>
    </message>
    <message>
      <source>Copy the command</source>
      <translation>Copier la commande</translation>
    </message>
  </context>
  <context>
    <name>OptionsPage</name>
    <message>
      <source>not chosen</source>
      <translation>non choisi</translation>
    </message>
    <message>
      <source>Python environment…</source>
      <translation>Environnement Python…</translation>
    </message>
    <message>
      <source> min</source>
      <translation> min</translation>
    </message>
    <message>
      <source>Python</source>
      <translation>Python</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>Modèle</translation>
    </message>
    <message>
      <source>Device</source>
      <translation>Matériel</translation>
    </message>
    <message>
      <source>Save results in</source>
      <translation>Enregistrer les résultats dans</translation>
    </message>
    <message>
      <source>Keep the preview's model loaded for</source>
      <translation>Garder le modèle de l’aperçu chargé pendant</translation>
    </message>
    <message>
      <source>GeoSeg</source>
      <translation>GeoSeg</translation>
    </message>
  </context>
  <context>
    <name>PolygonTable</name>
    <message>
      <source>target</source>
      <translation>cible</translation>
    </message>
    <message>
      <source>score</source>
      <translation>score</translation>
    </message>
    <message>
      <source>agree</source>
      <translation>accord</translation>
    </message>
  </context>
  <context>
    <name>Preview</name>
    <message>
      <source>Saving the picture of the layer…</source>
      <translation>Enregistrement de l’image de la couche…</translation>
    </message>
    <message>
      <source>Saving the picture of the layer</source>
      <translation>Enregistrement de l’image de la couche</translation>
    </message>
    <message>
      <source>Looking at the middle of the map…</source>
      <translation>Examen du centre de la carte…</translation>
    </message>
  </context>
  <context>
    <name>RefineAlgorithm</name>
    <message>
      <source>Draw polygons anew</source>
      <translation>Redessiner les polygones</translation>
    </message>
    <message>
      <source>Segmentation</source>
      <translation>Segmentation</translation>
    </message>
    <message>
      <source>Draws the answers that a run kept in its ledger (the file beside the result whose name ends in .ledger) as polygons again, with other settings. Takes seconds.</source>
      <translation>Redessine en polygones, avec d’autres réglages, les réponses qu’une exécution a gardées dans son registre (le fichier à côté du résultat dont le nom finit par .ledger). Cela prend quelques secondes.</translation>
    </message>
    <message>
      <source>Ledger</source>
      <translation>Registre</translation>
    </message>
    <message>
      <source>Confidence</source>
      <translation>Confiance</translation>
    </message>
    <message>
      <source>Share of looks that must agree</source>
      <translation>Part des regards qui doivent concorder</translation>
    </message>
    <message>
      <source>Least area of a polygon, m²</source>
      <translation>Surface minimale d’un polygone, en m²</translation>
    </message>
    <message>
      <source>Simplify, pixels</source>
      <translation>Simplification, en pixels</translation>
    </message>
    <message>
      <source>Polygons</source>
      <translation>Polygones</translation>
    </message>
    <message>
      <source>Layers</source>
      <translation>Couches</translation>
    </message>
    <message>
      <source>Number of polygons</source>
      <translation>Nombre de polygones</translation>
    </message>
  </context>
  <context>
    <name>Review</name>
    <message>
      <source>Saving training examples</source>
      <translation>Enregistrement d’exemples d’entraînement</translation>
    </message>
    <message>
      <source>Saved in {}</source>
      <translation>Enregistré dans {}</translation>
    </message>
    <message>
      <source>polygons</source>
      <translation>polygones</translation>
    </message>
    <message>
      <source>{} polygons, {} accepted, {} rejected</source>
      <translation>{} polygones – acceptés : {}, rejetés : {}</translation>
    </message>
    <message>
      <source>Choose a layer that geoseg has made.</source>
      <translation>Choisissez une couche produite par geoseg.</translation>
    </message>
    <message>
      <source>Draw anew</source>
      <translation>Redessiner</translation>
    </message>
    <message>
      <source>Save as training examples</source>
      <translation>Enregistrer comme exemples</translation>
    </message>
    <message>
      <source>Folder for training examples</source>
      <translation>Dossier des exemples d’entraînement</translation>
    </message>
    <message>
      <source>Previous (K)</source>
      <translation>Précédent (K)</translation>
    </message>
    <message>
      <source>Next (J)</source>
      <translation>Suivant (J)</translation>
    </message>
    <message>
      <source>Accept (A)</source>
      <translation>Accepter (A)</translation>
    </message>
    <message>
      <source>Reject (R)</source>
      <translation>Rejeter (R)</translation>
    </message>
  </context>
  <context>
    <name>Runner</name>
    <message>
      <source>Saving the picture of the layer</source>
      <translation>Enregistrement de l’image de la couche</translation>
    </message>
    <message>
      <source>{} % of the picture is empty: some tiles may not have loaded.</source>
      <translation>{} % de l’image est vide : des tuiles n’ont peut-être pas été chargées.</translation>
    </message>
    <message>
      <source>polygons</source>
      <translation>polygones</translation>
    </message>
  </context>
  <context>
    <name>SegmentAlgorithm</name>
    <message>
      <source>Find in imagery</source>
      <translation>Trouver dans une image</translation>
    </message>
    <message>
      <source>Segmentation</source>
      <translation>Segmentation</translation>
    </message>
    <message>
      <source>Finds what each line of the instructions describes in an image and writes it as polygons, a layer for each instruction. The image must be a file; save layers of servers first, or use the GeoSeg panel, which does. A Python with geoseg has to be chosen once: Raster, GeoSeg, Python environment.</source>
      <translation>Trouve dans une image ce que décrit chaque ligne des consignes et l’écrit sous forme de polygones, une couche par consigne. L’image doit être un fichier ; enregistrez d’abord les couches de serveurs, ou utilisez le panneau GeoSeg, qui s’en charge. Un Python avec geoseg doit être choisi une fois : Raster, GeoSeg, Environnement Python.</translation>
    </message>
    <message>
      <source>Image</source>
      <translation>Image</translation>
    </message>
    <message>
      <source>What to find, one instruction a line</source>
      <translation>Ce qu’il faut trouver, une consigne par ligne</translation>
    </message>
    <message>
      <source>Only in this area</source>
      <translation>Seulement dans cette zone</translation>
    </message>
    <message>
      <source>Device</source>
      <translation>Matériel</translation>
    </message>
    <message>
      <source>Least area of a polygon, m²</source>
      <translation>Surface minimale d’un polygone, en m²</translation>
    </message>
    <message>
      <source>Confidence</source>
      <translation>Confiance</translation>
    </message>
    <message>
      <source>Polygons</source>
      <translation>Polygones</translation>
    </message>
    <message>
      <source>Layers</source>
      <translation>Couches</translation>
    </message>
    <message>
      <source>Number of polygons</source>
      <translation>Nombre de polygones</translation>
    </message>
    <message>
      <source>The layer has no coordinate reference system.</source>
      <translation>La couche n’a pas de système de coordonnées de référence.</translation>
    </message>
    <message>
      <source>This layer is no file. Save it as one, or use the GeoSeg panel.</source>
      <translation>Cette couche n’est pas un fichier. Enregistrez-la dans un fichier ou utilisez le panneau GeoSeg.</translation>
    </message>
    <message>
      <source>Say what to find.</source>
      <translation>Dites ce qu’il faut trouver.</translation>
    </message>
  </context>
  <context>
    <name>SetupDialog</name>
    <message>
      <source>Python environment</source>
      <translation>Environnement Python</translation>
    </message>
    <message>
      <source>I have one</source>
      <translation>J’en ai un</translation>
    </message>
    <message>
      <source>Make one</source>
      <translation>En créer un</translation>
    </message>
    <message>
      <source>geoseg runs in a Python of its own, apart from QGIS.</source>
      <translation>geoseg tourne dans son propre Python, à part de QGIS.</translation>
    </message>
    <message>
      <source>Copy report</source>
      <translation>Copier le rapport</translation>
    </message>
    <message>
      <source>Looking for Pythons</source>
      <translation>Recherche de Pythons</translation>
    </message>
    <message>
      <source>Looking into it…</source>
      <translation>Examen en cours…</translation>
    </message>
    <message>
      <source>Looking into a Python</source>
      <translation>Examen d’un Python</translation>
    </message>
    <message>
      <source>Choose a Python to make it from.</source>
      <translation>Choisissez le Python à partir duquel le créer.</translation>
    </message>
    <message>
      <source>Only {} GB are free in that folder; free some or choose another.</source>
      <translation>Il ne reste que {} Go dans ce dossier ; libérez de la place ou choisissez-en un autre.</translation>
    </message>
    <message>
      <source>Making a Python environment</source>
      <translation>Création d’un environnement Python</translation>
    </message>
    <message>
      <source>Removed.</source>
      <translation>Supprimé.</translation>
    </message>
    <message>
      <source>Asking geoseg for its versions</source>
      <translation>Demande des versions à geoseg</translation>
    </message>
    <message>
      <source>The report is in the clipboard.</source>
      <translation>Le rapport est dans le presse-papiers.</translation>
    </message>
    <message>
      <source>Use it</source>
      <translation>L’utiliser</translation>
    </message>
    <message>
      <source>Found on this computer</source>
      <translation>Trouvés sur cet ordinateur</translation>
    </message>
    <message>
      <source>Another one</source>
      <translation>Un autre</translation>
    </message>
    <message>
      <source>Install geoseg into a Python with: python -m pip install geoseg</source>
      <translation>Pour installer geoseg dans un Python : python -m pip install geoseg</translation>
    </message>
    <message>
      <source>Without support for graphics cards (smaller)</source>
      <translation>Sans prise en charge des cartes graphiques (plus petit)</translation>
    </message>
    <message>
      <source>Remove</source>
      <translation>Supprimer</translation>
    </message>
    <message>
      <source>Copy commands</source>
      <translation>Copier les commandes</translation>
    </message>
    <message>
      <source>From this Python</source>
      <translation>À partir de ce Python</translation>
    </message>
    <message>
      <source>Into this folder</source>
      <translation>Dans ce dossier</translation>
    </message>
    <message>
      <source>Repair</source>
      <translation>Réparer</translation>
    </message>
    <message>
      <source>Download and make</source>
      <translation>Télécharger et créer</translation>
    </message>
    <message>
      <source>PyTorch and geoseg are downloaded from the Python package index: {} GB.</source>
      <translation>PyTorch et geoseg sont téléchargés depuis l’index des paquets Python : {} Go.</translation>
    </message>
    <message>
      <source>Stopping…</source>
      <translation>Arrêt en cours…</translation>
    </message>
    <message>
      <source>The commands are in the clipboard.</source>
      <translation>Les commandes sont dans le presse-papiers.</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>Arrêter</translation>
    </message>
    <message>
      <source>It is too old: geoseg needs Python 3.11, 64 bit.</source>
      <translation>Il est trop ancien : geoseg demande Python 3.11, 64 bits.</translation>
    </message>
    <message>
      <source>geoseg is not installed in it.</source>
      <translation>geoseg n’y est pas installé.</translation>
    </message>
    <message>
      <source>Its geoseg is too old for this plugin.</source>
      <translation>Son geoseg est trop ancien pour cette extension.</translation>
    </message>
    <message>
      <source>This is no Python that can be started.</source>
      <translation>Ce n’est pas un Python qui puisse être lancé.</translation>
    </message>
    <message>
      <source>{} is used from now on.</source>
      <translation>{} est utilisé désormais.</translation>
    </message>
    <message>
      <source>It did not work: {}</source>
      <translation>Cela n’a pas marché : {}</translation>
    </message>
    <message>
      <source>Stopped. “Repair” goes on, “Remove” deletes what is there.</source>
      <translation>Arrêté. « Réparer » reprend, « Supprimer » efface ce qui est là.</translation>
    </message>
  </context>
  <context>
    <name>Sliders</name>
    <message>
      <source>Confidence</source>
      <translation>Confiance</translation>
    </message>
    <message>
      <source>Agreement</source>
      <translation>Accord</translation>
    </message>
    <message>
      <source>Least area</source>
      <translation>Surface min.</translation>
    </message>
    <message>
      <source>Simplify</source>
      <translation>Simplifier</translation>
    </message>
  </context>
  <context>
    <name>Words</name>
    <message>
      <source>geoseg did not understand the request.</source>
      <translation>geoseg n’a pas compris la demande.</translation>
    </message>
    <message>
      <source>Change it as described.</source>
      <translation>Modifiez-la comme indiqué.</translation>
    </message>
    <message>
      <source>The image cannot be read.</source>
      <translation>L’image ne peut pas être lue.</translation>
    </message>
    <message>
      <source>Check that the file opens in QGIS, or save it anew.</source>
      <translation>Vérifiez que le fichier s’ouvre dans QGIS, ou enregistrez-le à nouveau.</translation>
    </message>
    <message>
      <source>The image does not say where it lies.</source>
      <translation>L’image ne dit pas où elle se situe.</translation>
    </message>
    <message>
      <source>Set the layer's coordinate reference system, then run again.</source>
      <translation>Définissez le système de coordonnées de référence de la couche, puis relancez.</translation>
    </message>
    <message>
      <source>The chosen area lies outside the image.</source>
      <translation>La zone choisie est en dehors de l’image.</translation>
    </message>
    <message>
      <source>Choose another area, or the whole image.</source>
      <translation>Choisissez une autre zone, ou l’image entière.</translation>
    </message>
    <message>
      <source>The image is too big.</source>
      <translation>L’image est trop grande.</translation>
    </message>
    <message>
      <source>Choose a smaller area.</source>
      <translation>Choisissez une zone plus petite.</translation>
    </message>
    <message>
      <source>The model is not there or is damaged.</source>
      <translation>Le modèle est absent ou endommagé.</translation>
    </message>
    <message>
      <source>Choose another model in the settings.</source>
      <translation>Choisissez un autre modèle dans les options.</translation>
    </message>
    <message>
      <source>The model had to be downloaded and the network did not answer.</source>
      <translation>Le modèle devait être téléchargé et le réseau n’a pas répondu.</translation>
    </message>
    <message>
      <source>Download it by hand and choose its folder in the settings.</source>
      <translation>Téléchargez-le vous-même et choisissez son dossier dans les options.</translation>
    </message>
    <message>
      <source>There was not enough memory.</source>
      <translation>La mémoire n’a pas suffi.</translation>
    </message>
    <message>
      <source>Close other programs, or run on the CPU.</source>
      <translation>Fermez d’autres programmes, ou choisissez le processeur (cpu) comme matériel.</translation>
    </message>
    <message>
      <source>The chosen device is not there.</source>
      <translation>Le matériel choisi n’est pas là.</translation>
    </message>
    <message>
      <source>Choose “auto” as the device.</source>
      <translation>Choisissez « auto » comme matériel.</translation>
    </message>
    <message>
      <source>The disk is full.</source>
      <translation>Le disque est plein.</translation>
    </message>
    <message>
      <source>Free some space and run again: finished parts are kept.</source>
      <translation>Libérez de la place et relancez : les parties terminées sont gardées.</translation>
    </message>
    <message>
      <source>The result cannot be saved there.</source>
      <translation>Le résultat ne peut pas être enregistré à cet endroit.</translation>
    </message>
    <message>
      <source>Choose another file.</source>
      <translation>Choisissez un autre fichier.</translation>
    </message>
    <message>
      <source>Stopped.</source>
      <translation>Arrêté.</translation>
    </message>
    <message>
      <source>Run again to go on where it stopped.</source>
      <translation>Relancez pour reprendre là où cela s’est arrêté.</translation>
    </message>
    <message>
      <source>geoseg met an unexpected problem.</source>
      <translation>geoseg a rencontré un problème inattendu.</translation>
    </message>
    <message>
      <source>Copy the report and send it to us.</source>
      <translation>Copiez le rapport et envoyez-le-nous.</translation>
    </message>
    <message>
      <source>No Python with geoseg is chosen yet.</source>
      <translation>Aucun Python avec geoseg n’est encore choisi.</translation>
    </message>
    <message>
      <source>Set it up once; it takes some minutes.</source>
      <translation>Configurez-le une fois ; cela prend quelques minutes.</translation>
    </message>
    <message>
      <source>The chosen Python cannot be started.</source>
      <translation>Le Python choisi ne peut pas être lancé.</translation>
    </message>
    <message>
      <source>Choose another one or repair it.</source>
      <translation>Choisissez-en un autre ou réparez-le.</translation>
    </message>
    <message>
      <source>geoseg is not installed in the chosen Python.</source>
      <translation>geoseg n’est pas installé dans le Python choisi.</translation>
    </message>
    <message>
      <source>Install it or choose another.</source>
      <translation>Installez-le ou choisissez un autre Python.</translation>
    </message>
    <message>
      <source>The installed geoseg does not fit this plugin.</source>
      <translation>Le geoseg installé ne convient pas à cette extension.</translation>
    </message>
    <message>
      <source>Update geoseg or the plugin.</source>
      <translation>Mettez à jour geoseg ou l’extension.</translation>
    </message>
    <message>
      <source>geoseg ended unexpectedly.</source>
      <translation>geoseg s’est arrêté de façon inattendue.</translation>
    </message>
    <message>
      <source>Run again: finished parts are kept.</source>
      <translation>Relancez : les parties terminées sont gardées.</translation>
    </message>
    <message>
      <source>The system ended geoseg, most often for lack of memory.</source>
      <translation>Le système a mis fin à geoseg, le plus souvent faute de mémoire.</translation>
    </message>
    <message>
      <source>Close other programs and run again: finished parts are kept.</source>
      <translation>Fermez d’autres programmes et relancez : les parties terminées sont gardées.</translation>
    </message>
    <message>
      <source>A part of Windows that PyTorch needs is missing.</source>
      <translation>Il manque un composant de Windows dont PyTorch a besoin.</translation>
    </message>
    <message>
      <source>Install the Microsoft Visual C++ Redistributable (x64), then run again.</source>
      <translation>Installez « Microsoft Visual C++ Redistributable » (x64), puis relancez.</translation>
    </message>
    <message>
      <source>This QGIS runs in a sandbox (Flatpak) and cannot start other programs.</source>
      <translation>Ce QGIS tourne dans un bac à sable (Flatpak) et ne peut pas lancer d’autres programmes.</translation>
    </message>
    <message>
      <source>Install QGIS from your distribution or from qgis.org.</source>
      <translation>Installez QGIS depuis votre distribution ou depuis qgis.org.</translation>
    </message>
    <message>
      <source>Choose an image first.</source>
      <translation>Choisissez d’abord une image.</translation>
    </message>
    <message>
      <source>Add a raster layer to the project.</source>
      <translation>Ajoutez une couche raster au projet.</translation>
    </message>
    <message>
      <source>Say what to find.</source>
      <translation>Dites ce qu’il faut trouver.</translation>
    </message>
    <message>
      <source>For example: safe open areas</source>
      <translation>Par exemple, en anglais : safe open areas</translation>
    </message>
    <message>
      <source>The layer has no coordinate reference system.</source>
      <translation>La couche n’a pas de système de coordonnées de référence.</translation>
    </message>
    <message>
      <source>Right-click the layer, Layer CRS, Set Layer CRS; then run again.</source>
      <translation>Clic droit sur la couche, SCR de la couche, Définir le SCR de la couche ; puis relancez.</translation>
    </message>
    <message>
      <source>The project was closed while geoseg was at work.</source>
      <translation>Le projet a été fermé pendant que geoseg travaillait.</translation>
    </message>
    <message>
      <source>The result is saved; it can be added to the open project.</source>
      <translation>Le résultat est enregistré ; on peut l’ajouter au projet ouvert.</translation>
    </message>
    <message>
      <source>A run is under way.</source>
      <translation>Une exécution est en cours.</translation>
    </message>
    <message>
      <source>Wait for it or stop it first.</source>
      <translation>Attendez la fin ou arrêtez-la d’abord.</translation>
    </message>
    <message>
      <source>The layer gave no picture of this area.</source>
      <translation>La couche n’a donné aucune image de cette zone.</translation>
    </message>
    <message>
      <source>Check the connection, zoom to where the layer shows something, and run again.</source>
      <translation>Vérifiez la connexion, zoomez là où la couche montre quelque chose et relancez.</translation>
    </message>
    <message>
      <source>The layer could not be saved as a picture.</source>
      <translation>La couche n’a pas pu être enregistrée comme image.</translation>
    </message>
    <message>
      <source>Check the connection and run again.</source>
      <translation>Vérifiez la connexion et relancez.</translation>
    </message>
    <message>
      <source>The area is too big at this pixel size.</source>
      <translation>La zone est trop grande pour cette taille de pixel.</translation>
    </message>
    <message>
      <source>Choose a smaller area or larger pixels.</source>
      <translation>Choisissez une zone plus petite ou des pixels plus grands.</translation>
    </message>
    <message>
      <source>The result file cannot be opened.</source>
      <translation>Le fichier de résultat ne peut pas être ouvert.</translation>
    </message>
    <message>
      <source>Run again.</source>
      <translation>Relancez.</translation>
    </message>
    <message>
      <source>%n s</source>
      <translation>%n s</translation>
    </message>
    <message>
      <source>%n min</source>
      <translation>%n min</translation>
    </message>
    <message>
      <source>%n h</source>
      <translation>%n h</translation>
    </message>
    <message>
      <source>Reading the image…</source>
      <translation>Lecture de l’image…</translation>
    </message>
    <message>
      <source>Loading the model…</source>
      <translation>Chargement du modèle…</translation>
    </message>
    <message>
      <source>Downloading the model…</source>
      <translation>Téléchargement du modèle…</translation>
    </message>
    <message>
      <source>Looking…</source>
      <translation>Recherche…</translation>
    </message>
    <message>
      <source>Drawing polygons…</source>
      <translation>Tracé des polygones…</translation>
    </message>
    <message>
      <source>Saving…</source>
      <translation>Enregistrement…</translation>
    </message>
    <message>
      <source>polygons</source>
      <translation>polygones</translation>
    </message>
  </context>
</TS>
