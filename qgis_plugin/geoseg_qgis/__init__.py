"""geoseg for QGIS: say what to look for in a raster layer and get polygons."""


def classFactory(iface):
    """What QGIS calls to load the plugin; nothing else is imported before."""
    from .plugin import GeosegPlugin

    return GeosegPlugin(iface)
